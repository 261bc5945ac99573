internal import Catalog
internal import QueryPipeline

internal import struct Foundation.Date

/// Puts together what `/metrics` answers.
struct MetricsText {
    private(set) var text: String

    /// - Parameter library: What the library holds; nil when it could not be asked.
    init(state: ServerState, load: (running: Int, waiting: Int), library: LibraryStatistics?) {
        var page = PrometheusText()
        page.write(state.metrics.figures)
        page.write(state, load: load)
        if let library { page.write(library) }
        page.write(
            "lookalike_library_readable",
            .gauge,
            "1 when the library could be read.",
            library == nil ? 0 : 1
        )
        page.write(ProcessFigures(), uptime: ContinuousClock.now - state.metrics.start)
        text = page.text
    }
}

extension PrometheusText {
    fileprivate mutating func write(_ figures: ServerMetrics.Figures) {
        let requests = figures.requests.sorted {
            ($0.key.route, $0.key.method) < ($1.key.route, $1.key.method)
        }
        write(
            "lookalike_requests_total",
            .counter,
            "Answered requests by route and class of status.",
            requests.flatMap { address, requests in
                requests.countsByStatusClass.enumerated().filter { $0.element > 0 }.map { digit, count in
                    (
                        ["method": address.method, "route": address.route, "status": "\(digit)xx"],
                        Double(count)
                    )
                }
            }
        )
        write(
            "lookalike_request_duration_seconds",
            "Time from a request's head to the beginning of its answer.",
            requests.map { (["method": $0.key.method, "route": $0.key.route], $0.value.duration) }
        )
        write(
            "lookalike_stage_duration_seconds",
            "Time of each stage of a search.",
            figures.stages.sorted { $0.key < $1.key }.map { (["stage": $0.key], $0.value) }
        )
        write(
            "lookalike_problems_total",
            .counter,
            "Problems that clients were told of, by code.",
            figures.problems.sorted { $0.key < $1.key }.map { (["code": $0.key], Double($0.value)) }
        )
    }

    fileprivate mutating func write(_ state: ServerState, load: (running: Int, waiting: Int)) {
        write("lookalike_work_running", .gauge, "Pieces of work on worker threads.", Double(load.running))
        write(
            "lookalike_work_waiting",
            .gauge,
            "Pieces of work that wait for a thread.",
            Double(load.waiting)
        )
        write("lookalike_uploads_held", .gauge, "Request bodies in memory.", Double(state.uploads.takenCount))
        let connections = state.connections.counts
        write("lookalike_connections_open", .gauge, "Open connections.", Double(connections.open))
        write(
            "lookalike_connections_ended_total",
            .counter,
            "Connections that had to go because there were too many, and new ones turned away for it.",
            [
                (["how": "evicted"], Double(connections.evicted)),
                (["how": "refused"], Double(connections.refused)),
            ]
        )
        let thumbnails = state.thumbnails.figures
        write(
            "lookalike_thumbnail_cache_requests_total",
            .counter,
            "Thumbnails that were kept already, and that had to be made.",
            [(["result": "hit"], Double(thumbnails.hits)), (["result": "miss"], Double(thumbnails.misses))]
        )
        write(
            "lookalike_thumbnail_cache_bytes",
            .gauge,
            "Bytes of kept thumbnails.",
            Double(thumbnails.byteCount)
        )
        write("lookalike_thumbnail_cache_entries", .gauge, "Thumbnails kept.", Double(thumbnails.count))
    }

    fileprivate mutating func write(_ library: LibraryStatistics) {
        let counts = library.counts
        write(
            "lookalike_index_images",
            .gauge,
            "Images that searches go through.",
            Double(library.indexedImageCount)
        )
        write(
            "lookalike_index_pending_changes",
            .gauge,
            "Changes that the index has not taken in yet.",
            Double(library.pendingChangeCount)
        )
        write("lookalike_catalog_images", .gauge, "Images in the catalog.", Double(counts.images))
        write("lookalike_catalog_files", .gauge, "Present files that hold an image.", Double(counts.files))
        write("lookalike_catalog_missing_files", .gauge, "Files found gone.", Double(counts.missingFiles))
        write(
            "lookalike_catalog_refused_files",
            .gauge,
            "Files that were skipped.",
            Double(counts.refusedFiles)
        )
        write("lookalike_judgements", .gauge, "Grades that people gave.", Double(library.feedback.judgements))
        write(
            "lookalike_impressions",
            .gauge,
            "Results that people were shown.",
            Double(library.feedback.impressions)
        )
        write("lookalike_clicks", .gauge, "Results that people opened.", Double(library.feedback.clicks))
        guard let choice = library.beamWidth else { return }
        write(
            "lookalike_audit_recall",
            .gauge,
            "Recall that the last audit with a target measured.",
            choice.recall
        )
        write("lookalike_audit_target", .gauge, "Recall that was wanted then.", choice.target)
        write("lookalike_audit_images", .gauge, "Images there were then.", Double(choice.pictureCount))
        write(
            "lookalike_audit_timestamp_seconds",
            .gauge,
            "When that was.",
            choice.chosenAt.timeIntervalSince1970.rounded()
        )
    }

    fileprivate mutating func write(_ process: ProcessFigures, uptime: Duration) {
        if let bytes = process.residentByteCount {
            write("process_resident_memory_bytes", .gauge, "Memory that is really there.", Double(bytes))
        }
        write(
            "process_cpu_seconds_total",
            .counter,
            "Processor time of the server itself.",
            process.processorSeconds
        )
        if let count = process.openFileCount {
            write("process_open_fds", .gauge, "Open files, sockets and pipes.", Double(count))
        }
        write(
            "process_start_time_seconds",
            .gauge,
            "When the server was started.",
            (Date().timeIntervalSince1970 - uptime / .seconds(1)).rounded()
        )
    }
}
