import PhiAccrual

// What can be told only when all sources have spoken.

extension Draft {
    /// Makes the configuration whole, and notes what does not go together.
    mutating func finish(lateness: (String) throws -> LatenessProfile) {
        finishEndpoints()
        finishPolicies()
        finishExpected()
        if let name = configuration.profile, let place = places["profile"] {
            lend(name, at: place, lateness)
        }
        if let record = configuration.record {
            let isStated = places.filter { $0.key.hasPrefix("record") }
            if record.folder.isEmpty, let place = isStated.values.min(by: { $0.order < $1.order }) {
                note(place, "record needs a folder to write to")
            }
            if let place = places["record.total_size"] ?? places["record.file_size"], record.totalSize < record.fileSize
            {
                let sizes = "\(ByteCount.notation(record.totalSize)) is below \(ByteCount.notation(record.fileSize))"
                note(place, "record.total_size must be at least record.file_size: \(sizes)")
            }
        }
    }

    private mutating func finishEndpoints() {
        for (text, place) in endpoints.values.joined() {
            if let mistake = Endpoint.mistake(in: text) { note(place, mistake) }
        }
        // Nodes that bind are connected to, and then nothing needs to be bound for them.
        if places["heartbeats"] == nil, !configuration.connect.isEmpty { configuration.heartbeats = [] }
        if let place = places["heartbeats"], configuration.heartbeats.isEmpty, configuration.connect.isEmpty {
            note(place, "heartbeats names no endpoint, and connect none either: nobody could be heard")
        }
        for (key, list) in [("events", configuration.events), ("control", configuration.control)] where list.isEmpty {
            if let place = places[key] { note(place, "\(key) must name at least one endpoint") }
        }
    }

    private mutating func finishPolicies() {
        guard !hasBrokenLevels else { return }
        let stated = levels?.compactMap { stated in
            try? Level(name: stated.level, policy: stated.policy).set(by: stated.place.source)
        }
        var book = PolicyBook(levels: stated ?? Level.standard(for: configuration.model))
        for stated in overrides {
            guard let level = book.level(named: stated.level) else {
                let suggestion = stated.level.suggestion(from: book.levels.map(\.name))
                note(stated.place, "no level is called \"\(stated.level.escapingControls)\": \(suggestion)")
                continue
            }
            book.set(stated.policy, level: level, from: Origin(stated.place.source, for: stated.scope))
        }
        for stated in (levels ?? []) + overrides {
            if let reason = configuration.model.refusal(of: stated.policy) {
                note(stated.place, "\(InvalidPolicy(text: stated.policy.description, reason: reason))")
            }
        }
        if book.isTooLarge, let last = overrides.last {
            note(last.place, "more than \(PolicyBook.mostScopes) groups and nodes have policies of their own")
        }
        configuration.policies = book
    }

    private mutating func finishExpected() {
        var known: [NodeIdentity: Place] = [:]
        for (node, place) in expected {
            if let other = known[node] {
                if other.source == place.source {
                    note(place, "node \"\("\(node)".escapingControls)\" is expected twice, first at \(other)")
                }
            } else {
                known[node] = place
                configuration.expected.append(node)
            }
        }
        if let last = expected.last, configuration.expected.count > configuration.limits.nodes {
            let count = configuration.expected.count
            note(last.place, "\(count) nodes are expected, and limits.nodes is \(configuration.limits.nodes)")
        }
    }

    private mutating func lend(_ name: String, at place: Place, _ lateness: (String) throws -> LatenessProfile) {
        guard case .adaptive = configuration.model else {
            let others = "'\(configuration.model)' goes by nothing but the node itself"
            return note(place, "profile is for the detector 'adaptive': \(others)")
        }
        do { configuration.model = .adaptive(.init(profile: try lateness(name))) } catch { note(place, "\(error)") }
    }
}

extension ModelChoice {
    /// Why this detector cannot follow a policy; nil if it can.
    func refusal(of policy: Policy) -> String? {
        struct Question: ModelVisitor {
            typealias Outcome = String?
            let policy: Policy
            func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> String? {
                Model.refusal(of: policy)
            }
        }
        var question = Question(policy: policy)
        return (try? open(&question)) ?? nil
    }
}
