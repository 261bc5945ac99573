internal import NIOCore
internal import Synchronization

/// Keeps the thumbnails that were asked for last, up to a number of bytes.
///
/// Making one takes a decoding process some milliseconds, and a page asks for the same ones again and again.
final class ThumbnailCache: Sendable {
    struct Figures: Equatable {
        var hits = 0
        var misses = 0
        var count = 0
        var byteCount = 0
    }

    fileprivate struct Kept {
        let picture: ByteBuffer
        /// Counts up with every use of the cache.
        var lastUse: UInt64
    }

    fileprivate struct State {
        var kept: [String: Kept] = [:]
        var clock: UInt64 = 0
        var figures = Figures()
    }

    private let maximumByteCount: Int
    private let state = Mutex(State())

    /// - Parameter maximumByteCount: The most bytes of thumbnails that are kept; 0 keeps none.
    init(maximumByteCount: Int) {
        self.maximumByteCount = maximumByteCount
    }

    var figures: Figures { state.withLock { $0.figures } }

    /// Returns what is kept under `tag`, which names a picture's content and the thumbnail's size.
    func picture(_ tag: String) -> ByteBuffer? {
        state.withLock { state in
            guard let kept = state.kept[tag] else {
                state.figures.misses += 1
                return nil
            }
            state.clock += 1
            state.kept[tag]?.lastUse = state.clock
            state.figures.hits += 1
            return kept.picture
        }
    }

    /// Keeps `picture` under `tag`, in the place of those that were not asked for the longest.
    func keep(_ picture: ByteBuffer, as tag: String) {
        let byteCount = picture.readableBytes
        // One that takes the place of a hundred others does not earn it.
        guard byteCount <= maximumByteCount / 16 else { return }
        state.withLock { state in
            if let former = state.kept[tag] { state.figures.byteCount -= former.picture.readableBytes }
            if state.figures.byteCount + byteCount > maximumByteCount {
                state.makeRoom(downTo: maximumByteCount / 8 * 7 - byteCount)
            }
            state.clock += 1
            state.kept[tag] = Kept(picture: picture, lastUse: state.clock)
            state.figures.byteCount += byteCount
            state.figures.count = state.kept.count
        }
    }
}

extension ThumbnailCache.State {
    /// Drops the least used, an eighth of all at once: sorting a few thousand each time one comes would cost more.
    fileprivate mutating func makeRoom(downTo byteCount: Int) {
        for (tag, kept) in kept.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard figures.byteCount > byteCount else { break }
            self.kept[tag] = nil
            figures.byteCount -= kept.picture.readableBytes
        }
    }
}
