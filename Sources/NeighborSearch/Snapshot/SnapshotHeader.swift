/// The first 1,024 bytes of an index file.
struct SnapshotHeader {
    var fileByteCount = 0
    var metric = Metric.cosine
    var dimension = 0
    var connectivity = 0
    var constructionBeamWidth = 0
    var beamWidth = 0
    var seed: UInt64 = 0
    var levelGeneratorState: UInt64 = 0
    var slotCount = 0
    var entryPoint = noSlot
    var root = noSlot
    var identity = SnapshotIdentity(model: "", catalogSequence: 0)
    var sections: [SectionEntry] = []

    /// Where one section lies.
    struct SectionEntry {
        var offset: Int
        var byteCount: Int
        var checksum: UInt64
    }

    // MARK: - Writing

    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: SnapshotFormat.headerByteCount)
        bytes.replaceSubrange(0..<8, with: SnapshotFormat.magic)
        bytes.store(SnapshotFormat.version, at: 8)
        bytes.store(SnapshotFormat.byteOrderMark, at: 12)
        bytes.store(UInt64(fileByteCount), at: 16)
        bytes.store(metric.rawValue, at: 24)
        bytes.store(UInt32(dimension), at: 28)
        bytes.store(UInt32(connectivity), at: 32)
        bytes.store(UInt32(constructionBeamWidth), at: 36)
        bytes.store(UInt32(beamWidth), at: 40)
        bytes.store(UInt32(sections.count), at: 44)
        bytes.store(seed, at: 48)
        bytes.store(levelGeneratorState, at: 56)
        bytes.store(UInt64(slotCount), at: 64)
        bytes.store(entryPoint, at: 80)
        bytes.store(root, at: 84)
        bytes.store(UInt64(bitPattern: identity.catalogSequence), at: 88)
        let model = Array(identity.model.utf8)
        bytes.store(UInt32(model.count), at: 96)
        bytes.replaceSubrange(
            SnapshotFormat.modelOffset..<SnapshotFormat.modelOffset + model.count,
            with: model
        )
        for (index, section) in sections.enumerated() {
            let entry = SnapshotFormat.sectionTableOffset + index * SnapshotFormat.sectionEntryByteCount
            bytes.store(UInt64(index), at: entry)
            bytes.store(UInt64(section.offset), at: entry + 8)
            bytes.store(UInt64(section.byteCount), at: entry + 16)
            bytes.store(section.checksum, at: entry + 24)
        }
        bytes.store(
            SnapshotChecksum.of(bytes.prefix(SnapshotFormat.checksumOffset)),
            at: SnapshotFormat.checksumOffset
        )
        return bytes
    }

    // MARK: - Reading

    /// Reads a header and checks everything that can be checked without the rest of the file.
    init(decoding bytes: [UInt8], fileByteCount: Int) throws(SnapshotError) {
        precondition(bytes.count == SnapshotFormat.headerByteCount)
        try Self.checkFrame(bytes)
        let claimed = bytes.load(UInt64.self, at: 16)
        guard claimed == UInt64(fileByteCount) else {
            throw .lengthMismatch(found: fileByteCount, expected: Int(clamping: claimed))
        }
        self.fileByteCount = fileByteCount
        let metric = bytes.load(UInt32.self, at: 24)
        guard let known = Metric(rawValue: metric) else {
            throw .unsupportedMetric(found: Int(metric), supported: Metric.allCases.map { Int($0.rawValue) })
        }
        self.metric = known
        dimension = try bytes.field("dimension", UInt32.self, at: 28, in: RecordLayout.dimensionRange)
        connectivity = try bytes.field(
            "connectivity",
            UInt32.self,
            at: 32,
            in: HNSWParameters.connectivityRange
        )
        constructionBeamWidth = try bytes.field(
            "construction beam width",
            UInt32.self,
            at: 36,
            in: HNSWParameters.beamWidthRange
        )
        beamWidth = try bytes.field("beam width", UInt32.self, at: 40, in: HNSWParameters.beamWidthRange)
        let sectionCount = SnapshotFormat.Section.allCases.count
        _ = try bytes.field("section count", UInt32.self, at: 44, in: sectionCount...sectionCount)
        seed = bytes.load(UInt64.self, at: 48)
        levelGeneratorState = bytes.load(UInt64.self, at: 56)
        slotCount = try bytes.field("slot count", UInt64.self, at: 64, in: SnapshotFormat.slotCountRange)
        entryPoint = bytes.load(UInt32.self, at: 80)
        root = bytes.load(UInt32.self, at: 84)
        identity = try Self.identity(in: bytes)
        try readSections(bytes)
        try checkPadding(bytes)
    }

    /// Checks what must be right before any number in the header means anything.
    private static func checkFrame(_ bytes: [UInt8]) throws(SnapshotError) {
        guard Array(bytes[0..<8]) == SnapshotFormat.magic else {
            throw .notAnIndex(found: Array(bytes[0..<8]))
        }
        let mark = bytes.load(UInt32.self, at: 12)
        guard mark == SnapshotFormat.byteOrderMark else {
            throw .foreignByteOrder(found: mark, expected: SnapshotFormat.byteOrderMark)
        }
        let version = bytes.load(UInt32.self, at: 8)
        guard version == SnapshotFormat.version else {
            throw .unsupportedVersion(found: Int(version), supported: Int(SnapshotFormat.version))
        }
        let stored = bytes.load(UInt64.self, at: SnapshotFormat.checksumOffset)
        let computed = SnapshotChecksum.of(bytes.prefix(SnapshotFormat.checksumOffset))
        guard stored == computed else { throw .damagedHeader(found: computed, expected: stored) }
    }

    private static func identity(in bytes: [UInt8]) throws(SnapshotError) -> SnapshotIdentity {
        let length = try bytes.field(
            "model name length",
            UInt32.self,
            at: 96,
            in: 0...SnapshotFormat.modelCapacity
        )
        let start = SnapshotFormat.modelOffset
        guard let model = String(validating: bytes[start..<start + length], as: UTF8.self) else {
            throw .modelNotUTF8
        }
        let sequence = Int64(bitPattern: bytes.load(UInt64.self, at: 88))
        return SnapshotIdentity(model: model, catalogSequence: sequence)
    }

    private mutating func readSections(_ bytes: [UInt8]) throws(SnapshotError) {
        var end = SnapshotFormat.headerByteCount
        for section in SnapshotFormat.Section.allCases {
            let index = section.rawValue
            let entry = SnapshotFormat.sectionTableOffset + index * SnapshotFormat.sectionEntryByteCount
            func check(_ field: String, at offset: Int, expected: Int) throws(SnapshotError) {
                let found = bytes.load(UInt64.self, at: entry + offset)
                guard found == UInt64(expected) else {
                    throw .misplacedSection(
                        index: index,
                        field: field,
                        found: Int(clamping: found),
                        expected: expected
                    )
                }
            }
            try check("kind", at: 0, expected: index)
            let offset = SnapshotFormat.alignedUp(end)
            try check("offset", at: 8, expected: offset)
            let byteCount: Int
            if let expected = expectedByteCount(of: section) {
                byteCount = expected
                try check("length", at: 16, expected: byteCount)
            } else {
                // Upper links: how many there must be is known once the levels have been read.
                byteCount = Int(clamping: bytes.load(UInt64.self, at: entry + 16))
            }
            let room = max(0, fileByteCount - offset)
            guard byteCount <= room else {
                throw .misplacedSection(index: index, field: "length", found: byteCount, expected: room)
            }
            end = offset + byteCount
            let checksum = bytes.load(UInt64.self, at: entry + 24)
            guard checksum == 0 || !section.isBlocked else {
                throw .misplacedSection(
                    index: index,
                    field: "checksum",
                    found: Int(clamping: checksum),
                    expected: 0
                )
            }
            sections.append(SectionEntry(offset: offset, byteCount: byteCount, checksum: checksum))
        }
        guard end == fileByteCount else { throw .lengthMismatch(found: fileByteCount, expected: end) }
    }

    var layout: RecordLayout { RecordLayout(dimension: dimension, connectivity: connectivity) }

    /// Cannot overflow: 2^30 items of 66,624 bytes at most are less than 2^47 bytes.
    private func expectedByteCount(of section: SnapshotFormat.Section) -> Int? {
        switch section {
        case .levels: slotCount
        case .records: slotCount * layout.stride
        case .lowBytes: slotCount * layout.lowStride
        case .upperLinks: nil
        case .parents: slotCount * 4
        case .keys: slotCount * 8
        case .blockChecksums: 2 * SnapshotFormat.blockCount(slotCount) * 8
        }
    }

    private func checkPadding(_ bytes: [UInt8]) throws(SnapshotError) {
        let modelEnd = SnapshotFormat.modelOffset + identity.model.utf8.count
        let tableEnd =
            SnapshotFormat.sectionTableOffset + sections.count * SnapshotFormat.sectionEntryByteCount
        let gaps = [
            72..<80, 100..<SnapshotFormat.modelOffset, modelEnd..<SnapshotFormat.sectionTableOffset,
            tableEnd..<SnapshotFormat.checksumOffset,
        ]
        for offset in gaps.joined() where bytes[offset] != 0 {
            throw .paddingNotZero(offset: offset)
        }
    }
}

extension SnapshotHeader {
    /// A header to fill in.
    init() {}
}

extension [UInt8] {
    /// Stores an integer little-endian.
    fileprivate mutating func store<Integer: FixedWidthInteger & UnsignedInteger>(
        _ value: Integer,
        at offset: Int
    ) {
        for index in 0..<Integer.bitWidth / 8 {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> Integer(8 * index))
        }
    }

    fileprivate func load<Integer: FixedWidthInteger & UnsignedInteger>(_: Integer.Type, at offset: Int)
        -> Integer
    {
        var value: Integer = 0
        for index in 0..<Integer.bitWidth / 8 {
            value |= Integer(self[offset + index]) << Integer(8 * index)
        }
        return value
    }

    fileprivate func field<Integer: FixedWidthInteger & UnsignedInteger>(
        _ name: String,
        _: Integer.Type,
        at offset: Int,
        in allowed: ClosedRange<Int>
    ) throws(SnapshotError) -> Int {
        let value = Int(clamping: load(Integer.self, at: offset))
        guard allowed.contains(value) else {
            throw .fieldOutOfRange(field: name, found: value, allowed: allowed)
        }
        return value
    }
}
