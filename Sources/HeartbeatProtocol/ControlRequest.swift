import PhiAccrual

/// A parsed and validated request, ready to be carried out. It is split by who answers it, so that neither can receive
/// a request that the other answers.
public enum ControlRequest: Hashable, Sendable {
    case events(EventQuery)
    case detector(DetectorRequest)

    /// Maximum number of items per answer, so that a long answer never delays events.
    public static let pageLimit = 1000
}

/// A request that the detector answers.
public enum DetectorRequest: Hashable, Sendable {
    case status
    /// All nodes, one page at a time.
    case nodes(from: Int, limit: Int)
    case node(NodeIdentity)
    case explain(NodeIdentity)
    /// The effective policies: the global ones with all overrides, or those of this node.
    case policies(of: NodeIdentity?)
    case tune(TuneRequest)
    case whatIf(WhatIfRequest)
    case pause(PauseRequest)
    case resume(NodeIdentity)
    case forget(NodeIdentity)
    case record(Bool)
}

/// A request for events, or for the state that they add up to. The event publisher answers it from its log.
public struct EventQuery: Hashable, Sendable {
    public enum Selection: Hashable, Sendable {
        /// All events.
        case all
        /// The last event of each topic: the state.
        case snapshot
    }
    public var selection: Selection
    /// Only events after this sequence.
    public var since: UInt64
    /// Epoch of the log that `since` refers to; nil for the current one.
    public var epoch: UInt64?
    /// Only topics with this prefix.
    public var prefix: String
    public var limit: Int

    public init(
        _ selection: Selection, since: UInt64, epoch: UInt64?, prefix: String = "",
        limit: Int = ControlRequest.pageLimit
    ) {
        self.selection = selection
        (self.since, self.epoch, self.prefix, self.limit) = (since, epoch, prefix, limit)
    }
}

/// A policy to set or to remove while the service runs.
public struct TuneRequest: Hashable, Sendable {
    /// Name of the level. Only the service knows whether it exists.
    public var level: String
    /// Nil removes the policy that was set.
    public var policy: Policy?
    public var scope: PolicyScope

    public init(level: String, policy: Policy?, scope: PolicyScope) {
        (self.level, self.policy, self.scope) = (level, policy, scope)
    }
}

/// A policy to try on recent arrivals.
public struct WhatIfRequest: Hashable, Sendable {
    public var policy: Policy
    /// Name of the level whose policy is the comparison; nil for the first level.
    public var level: String?
    public var scope: PolicyScope

    public init(policy: Policy, level: String? = nil, scope: PolicyScope = .everyone) {
        (self.policy, self.level, self.scope) = (policy, level, scope)
    }
}

/// A planned absence of a node.
public struct PauseRequest: Hashable, Sendable {
    public let node: NodeIdentity
    public let duration: Duration
    /// The reason, for people; may be empty.
    public let reason: String

    /// Maximum duration. A forgotten pause is worse than one that must be set again.
    public static let maxDuration: Duration = .seconds(366 * 86_400)
    /// In bytes; the reason is part of events.
    public static let maxReasonLength = 200

    /// - Throws: `.malformed` if the duration is not above 0 or is longer than `maxDuration`, or if the reason is too long
    ///   or contains control characters.
    public init(_ node: NodeIdentity, for duration: Duration, reason: String = "") throws(ControlError) {
        guard duration > .zero, duration <= Self.maxDuration else {
            throw ControlError(
                .malformed,
                "invalid pause of \(duration.nanoseconds.seconds) s: the duration must be above 0 s and at most 366 days"
            )
        }
        guard reason.utf8.count <= Self.maxReasonLength else {
            throw ControlError(
                .malformed,
                "invalid reason (\(reason.utf8.count) bytes): the maximum is \(Self.maxReasonLength) bytes")
        }
        guard reason.escapingControls == reason else {
            throw ControlError(
                .malformed,
                "invalid reason \"\(reason.escapingControls)\": it contains control characters; write one line of text")
        }
        (self.node, self.duration, self.reason) = (node, duration, reason)
    }
}

// MARK: Parsing

extension ControlFrame {
    /// Validates the frame.
    /// - Throws: A `ControlError` with code `.unknownRequest`, `.malformed`, `.invalidPolicy`, or, if the text does not
    ///   name a node, `.unknownNode`.
    public func request() throws(ControlError) -> ControlRequest {
        guard let action = Action(rawValue: action) else {
            let known = Action.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError(
                .unknownRequest, "unknown request \"\(self.action.escapingControls)\": expected one of \(known)")
        }
        switch action {
        case .status: return .detector(.status)
        case .nodes:
            if node != nil { return .detector(.node(try identity())) }
            return .detector(.nodes(from: cursor ?? 0, limit: boundedLimit))
        case .events: return .events(query(.all))
        case .snapshot: return .events(query(.snapshot))
        case .explain: return .detector(.explain(try identity()))
        case .tune: return .detector(try tuning())
        case .whatIf:
            guard let policy = try parsedPolicy() else { throw missing("policy", "\"policy\": \"phi=10\"") }
            return .detector(.whatIf(WhatIfRequest(policy: policy, level: level, scope: try scope())))
        case .pause:
            guard let seconds else { throw missing("seconds", "\"seconds\": 7200") }
            // `PauseRequest` rejects NaN and infinity as impossible durations.
            let time = Duration.nanoseconds(Int64(saturating: seconds * 1e9))
            return .detector(.pause(try PauseRequest(try identity(), for: time, reason: reason ?? "")))
        case .resume: return .detector(.resume(try identity()))
        case .forget: return .detector(.forget(try identity()))
        case .record:
            guard let on else { throw missing("on", "\"on\": true") }
            return .detector(.record(on))
        }
    }

    private var boundedLimit: Int { min(max(1, limit ?? ControlRequest.pageLimit), ControlRequest.pageLimit) }

    private func query(_ selection: EventQuery.Selection) -> EventQuery {
        EventQuery(selection, since: since ?? 0, epoch: epoch, prefix: prefix ?? "", limit: boundedLimit)
    }

    private func tuning() throws(ControlError) -> DetectorRequest {
        let isTakenBack = unset ?? false
        guard let level else {
            guard group == nil, policy == nil, !isTakenBack else { throw missing("level", "\"level\": \"suspect\"") }
            return .policies(of: node == nil ? nil : try identity())
        }
        let policy = try parsedPolicy()
        guard (policy == nil) == isTakenBack else {
            throw ControlError(
                .malformed,
                "invalid tune request: send either \"policy\": \"phi=10\" to set a policy, or \"unset\": true to remove it"
            )
        }
        return .tune(TuneRequest(level: level, policy: policy, scope: try scope()))
    }

    private func identity() throws(ControlError) -> NodeIdentity {
        guard let node else { throw missing("node", "\"node\": \"group/name\"") }
        return try NodeIdentity(writtenAs: node)
    }

    private func scope() throws(ControlError) -> PolicyScope {
        switch (group, node) {
        case (nil, nil): return .everyone
        case (nil, _): return .node(try identity())
        case (let group?, nil):
            do throws(InvalidName) { return try PolicyScope(groupNamed: group) } catch {
                throw ControlError(.malformed, error.description)
            }
        case (_?, _?):
            throw ControlError(.malformed, "invalid scope: send \"group\", or \"node\", or neither to mean all nodes")
        }
    }

    private func parsedPolicy() throws(ControlError) -> Policy? {
        guard let policy else { return nil }
        do throws(InvalidPolicy) { return try Policy(parsing: policy) } catch {
            throw ControlError(.invalidPolicy, error.description)
        }
    }

    private func missing(_ field: String, _ example: String) -> ControlError {
        ControlError(.malformed, "request \"\(action)\" lacks \"\(field)\": send for example \(example)")
    }
}

extension NodeIdentity {
    /// Parses `group/name`.
    /// - Throws: `.unknownNode` for any other text.
    public init(writtenAs text: String) throws(ControlError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let identity = try? NodeIdentity(group: parts[0], name: parts[1]) else {
            throw ControlError(
                .unknownNode,
                "\"\(text.escapingControls)\" is not a node: write its group and name, such as edge/edge-1")
        }
        self = identity
    }
}

extension PolicyScope {
    /// - Throws: If the name is not valid for a group.
    public init(groupNamed name: String) throws(InvalidName) {
        self = .group(try NodeIdentity(group: name, name: "any").group)
    }
}

// MARK: Encoding

extension ControlFrame {
    /// The frame whose `request()` is this request.
    public init(id: Int64 = 0, _ request: ControlRequest) {
        switch request {
        case .events(let query): self.init(id: id, query)
        case .detector(let request): self.init(id: id, request)
        }
    }

    private init(id: Int64, _ request: DetectorRequest) {
        switch request {
        case .status: self.init(id: id, do: .status)
        case .nodes(let cursor, let limit):
            self.init(id: id, do: .nodes)
            (self.cursor, self.limit) = (cursor, limit)
        case .node(let node): self.init(id: id, do: .nodes, about: .node(node))
        case .explain(let node): self.init(id: id, do: .explain, about: .node(node))
        case .policies(let node): self.init(id: id, do: .tune, about: node.map { .node($0) } ?? .everyone)
        case .tune(let tuning):
            self.init(id: id, do: .tune, about: tuning.scope)
            (level, policy) = (tuning.level, tuning.policy?.description)
            if tuning.policy == nil { unset = true }
        case .whatIf(let question):
            self.init(id: id, do: .whatIf, about: question.scope)
            (level, policy) = (question.level, question.policy.description)
        case .pause(let pause):
            self.init(id: id, do: .pause, about: .node(pause.node))
            seconds = pause.duration.nanoseconds.seconds
            if !pause.reason.isEmpty { reason = pause.reason }
        case .resume(let node): self.init(id: id, do: .resume, about: .node(node))
        case .forget(let node): self.init(id: id, do: .forget, about: .node(node))
        case .record(let isOn):
            self.init(id: id, do: .record)
            on = isOn
        }
    }

    private init(id: Int64, do action: Action, about scope: PolicyScope = .everyone) {
        self.init(id: id, action: action.rawValue)
        switch scope {
        case .everyone: break
        case .group(let name): group = name
        case .node(let identity): node = identity.description
        }
    }

    private init(id: Int64, _ query: EventQuery) {
        switch query.selection {
        case .all: self.init(id: id, do: .events)
        case .snapshot: self.init(id: id, do: .snapshot)
        }
        (since, epoch, limit) = (query.since, query.epoch, query.limit)
        if !query.prefix.isEmpty { prefix = query.prefix }
    }
}
