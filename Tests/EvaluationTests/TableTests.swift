import Testing

@testable import Evaluation

@Suite("Tables")
struct TableTests {
    private func rows(_ text: String, _ columns: [String] = ["path", "label"]) throws -> [[String]] {
        try Table(text, path: "t.csv", columns: columns).rows.map(\.values)
    }

    @Test("columns come in any order, with others between them, whatever ends a line")
    func columns() throws {
        #expect(
            try rows("label,size,path\r\ncat,3,a.jpg\r\n\r\ndog,4,b.jpg") == [
                ["a.jpg", "cat"], ["b.jpg", "dog"],
            ]
        )
        #expect(try rows("\u{FEFF}PATH,Label\na.jpg,cat\n") == [["a.jpg", "cat"]])
        #expect(try rows("path,label\n").isEmpty)
    }

    @Test("quoted values hold commas, quotation marks and line feeds")
    func quotes() throws {
        #expect(
            try rows("path,label\n\"a, b.jpg\",\"say \"\"cat\"\"\nnow\"\n\"\",x") == [
                ["a, b.jpg", "say \"cat\"\nnow"], ["", "x"],
            ]
        )
    }

    @Test("what is wrong is named with its line")
    func faults() {
        func fault(_ text: String) -> String? {
            do {
                _ = try rows(text)
                return nil
            } catch { return String(describing: error) }
        }
        #expect(fault("")?.contains("line 1: there is no header line") == true)
        #expect(fault("path,name\n")?.contains("there must be a column label") == true)
        #expect(fault("path,label\na,b\n\nc\n")?.contains("line 4: 1 values, 2 are in the header") == true)
        #expect(fault("path,label\na,\"b\n")?.contains("line 2: a quotation mark is never closed") == true)
        #expect(fault("path,label\r\na,x\r\nb,\"c\"d\r\n")?.contains("line 3: text after a closing") == true)
        #expect(fault("path,label\na\"b,c\n")?.contains("line 2: a quotation mark inside a value") == true)
        #expect(fault("path,label\n \"a\",c\n")?.contains("line 2: a quotation mark inside a value") == true)
    }

    @Test("only line ends end a line, and blanks around a column's name are none of it")
    func lineEnds() throws {
        let names = ["a\u{2028}b", "a\u{2029}b", "a\u{85}b", "a\u{0B}b", "a\u{0C}b"]
        #expect(try rows("path,label\n" + names.map { "\($0),x\n" }.joined()) == names.map { [$0, "x"] })
        #expect(try rows(" path ,\tLabel\ra,x\rb,y") == [["a", "x"], ["b", "y"]])
        // A combining mark after a comma or a quotation mark hides neither.
        #expect(
            try rows("path,label\na,\u{301}x\n\"b\",\"\u{301}\"") == [["a", "\u{301}x"], ["b", "\u{301}"]]
        )
    }
}
