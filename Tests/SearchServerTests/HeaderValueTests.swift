import Testing

@testable import SearchServer

@Suite struct HeaderValueTests {
    @Test(
        "values and parameters are read with quotes, blanks and escapes",
        arguments: [
            ("image/jpeg", "image/jpeg", [:]),
            ("  Image/JPEG ; Charset=UTF-8 ", "image/jpeg", ["charset": "UTF-8"]),
            ("a; boundary=\"x y;z\"", "a", ["boundary": "x y;z"]),
            ("a; name=\"q\\\"uo\\\\te\"; b=c", "a", ["name": "q\"uo\\te", "b": "c"]),
            ("a;b = c ;;d", "a", ["b": "c"]),
            ("a; x=1; x=2", "a", ["x": "1"]),
            ("a; name=\"unended", "a", ["name": "unended"]),
            ("a; name=\"é\u{301}\"", "a", ["name": "é\u{301}"]),
            ("a; =b; c=", "a", ["c": ""]),
            ("", "", [:]), (";", "", [:]), ("\"", "\"", [:]),
        ] as [(String, String, [String: String])]
    )
    func reading(field: String, value: String, parameters: [String: String]) {
        let header = HeaderValue(field)
        #expect(header.value == value)
        #expect(header.parameters == parameters)
    }
}
