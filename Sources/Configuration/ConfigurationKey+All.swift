import PhiAccrual

extension ConfigurationKey {
    /// Every top-level key, in the order in which a configuration is printed and documented.
    package static let all: [ConfigurationKey] =
        endpoints + detection + [levels, retention, joinWithin, groups, nodes]
        + suspicion + storage + operation

    private static let endpoints: [ConfigurationKey] = [
        .init(
            "heartbeats",
            .endpoints(\.heartbeats).checking { builder, path, _ in
                let isConnecting = !builder.configuration.connect.isEmpty
                guard let location = builder.locations[path] else {
                    // A service that connects to nodes binds no heartbeat endpoint by default.
                    if isConnecting { builder.configuration.heartbeats = [] }
                    return
                }
                guard builder.configuration.heartbeats.isEmpty, !isConnecting else { return }
                builder.report(
                    location,
                    "heartbeats and connect are both empty: name at least one endpoint to receive heartbeats from")
            },
            options: [
                .list(
                    "--heartbeats",
                    help: "Endpoint to bind for nodes that connect (repeatable; default tcp://127.0.0.1:7710).",
                    example: "tcp://*:7710")
            ],
            meaning: "Endpoints to bind, for nodes that connect.",
            default: "`tcp://127.0.0.1:7710`; none if `connect` is set"),
        .init(
            "connect", .endpoints(\.connect),
            options: [
                .list(
                    "--connect", help: "Endpoint of nodes that bind, to connect to (repeatable).",
                    example: "tcp://node-1:7710")
            ],
            meaning: "Endpoints to connect to, of nodes that bind.", default: "none"),
        .init(
            "shard",
            .text(
                \.shard, expected: "a shard such as 2/4", parse: { try Shard(parsing: $0) }, notation: \.description),
            options: [
                .text(
                    "--shard", help: "Share of all nodes to watch, such as 2/4 (default 1/1: all nodes).",
                    example: "2/4")
            ],
            meaning: """
                Which of several equal shares of all nodes this detector watches, by the first byte of their keys: `2/4` is \
                the second of four. There are at most 256 shares. Detectors on several machines can use one file, each with \
                its own `--shard`. `status` of a detector with a share does not count malformed messages, because it \
                subscribes to the keys of its own nodes only.
                """),
        .init(
            "events", .endpoints(\.events).checking(requireEndpoint),
            options: [
                .list(
                    "--events", help: "Endpoint to bind for events (repeatable; default tcp://127.0.0.1:7711).",
                    example: "tcp://*:7711")
            ],
            meaning: "Endpoints to bind, for subscribers of events."),
        .init(
            "control", .endpoints(\.control).checking(requireEndpoint),
            options: [
                .list(
                    "--control", help: "Endpoint to bind for requests (repeatable; default tcp://127.0.0.1:7712).",
                    example: "tcp://*:7712")
            ],
            meaning: "Endpoints to bind, for requests."),
    ]

    private static let requireEndpoint: ValueCodec.Check = { builder, path, _ in
        guard let location = builder.locations[path], builder.endpoints[path]?.isEmpty == true else { return }
        builder.report(location, "\(path) must name at least one endpoint")
    }

    private static let detection: [ConfigurationKey] = [
        .init(
            "detector",
            .text(
                \.model, expected: "a detector such as adaptive", parse: { try DetectorSpec(parsing: $0) },
                notation: \.description),
            options: [
                .text(
                    "--detector",
                    help: """
                        Detector that evaluates arrivals: 'adaptive' (default), or a baseline such as 'normal' or \
                        'akka,threshold=12'.
                        """, example: "adaptive")
            ],
            reload: .restartIf { $0.model.description != $1.model.description },
            meaning: """
                The detector that evaluates arrivals: `adaptive`, or a baseline detector with its parameters, such as \
                `akka,threshold=12`.
                """),
        .init(
            "profile",
            .optionalText(\.profile, expected: "the name of a profile, a file, or none").checking {
                builder, path, lateness in
                guard let name = builder.configuration.profile, let location = builder.locations[path] else { return }
                builder.applyProfile(name, at: location, lateness)
            },
            options: [
                .text(
                    "--profile",
                    help: "Profile for nodes that Phi knows little about, or a file from 'phi fit'; adaptive only.",
                    example: "wifi")
            ],
            // A description omits the profile: the name may be the same while the file's content changed.
            reload: .restartIf { $0.model.description == $1.model.description && $0.model != $1.model },
            meaning: """
                What Phi assumes about a node until it has learned from the node's own heartbeats: `lan`, `wan`, `wifi`, \
                `cellular`, `satellite`, a file from `phi fit`, or `none`. Only for the detector `adaptive`.
                """),
    ]

    private static let levels = ConfigurationKey(
        "levels",
        ValueCodec(
            parse: { builder, value, _ in builder.parseLevels(value) }, print: { text, _ in text.addLevels() },
            isEqual: { $0.policies == $1.policies }
        ).checking { builder, _, _ in builder.finishPolicies() },
        options: [
            .list(
                "--level", "NAME=POLICY",
                help: """
                    Level and its policy (repeatable, from least certain to most; default suspect=mistakes=1/1d and \
                    evict=mistakes=1/365d, or suspect=phi=8 for baseline detectors).
                    """, example: "suspect=mistakes=1/7d")
        ],
        reload: .policies,
        meaning: "One to eight levels by name, from the least certain to the most certain, each with its policy.",
        default: """
            `suspect: mistakes=1/1d`, `evict: mistakes=1/365d`; for baseline detectors `suspect: phi=8`, or the \
            `threshold=` of the detector
            """)

    private static let retention = ConfigurationKey(
        "retention", .duration(\.retention),
        options: [
            .text("--retention", help: "Silence after which a node is forgotten (default 1d).", example: "24h")
        ],
        meaning: "Silence after which a node is forgotten.")

    private static let joinWithin = ConfigurationKey(
        "join_within", .duration(\.joinWithin),
        options: [
            .text(
                "--join-within",
                help: "Time until an expected node must send its first heartbeat (default 1m).", example: "60s")
        ],
        reload: .applied(\.joinWithin) { new, _ in "join_within is now \(new.notation)" },
        meaning: "Time until an expected node must send its first heartbeat.")

    private static let groups = ConfigurationKey(
        "groups",
        ValueCodec(
            parse: { builder, value, _ in builder.parseGroups(value) }, print: { text, _ in text.addGroups() },
            isEqual: { $0.policies == $1.policies && $0.expected == $1.expected }
        ).checking { builder, _, _ in builder.finishExpected() },
        options: [
            .itemOfGroup(
                "--group-level", "GROUP/NAME=POLICY", key: "levels",
                help: "GROUP/LEVEL=POLICY: policy for the nodes of one group (repeatable).",
                example: "edge/suspect=mistakes=1/7d"),
            .itemOfGroup(
                "--expect", "GROUP/NODE", key: "expect",
                help: "GROUP/NODE that must send heartbeats (repeatable).", example: "edge/edge-1"),
        ],
        reload: .applied(\.expected) { new, old in
            "\(counted(new.count, "node")) \(new.count == 1 ? "is" : "are") expected now, \(old.count) before"
        },
        meaning: """
            Settings by group: `levels`, policies for the group's nodes, and `expect`, names of nodes that must send \
            heartbeats.
            """, default: "none")

    private static let nodes = ConfigurationKey(
        "nodes",
        ValueCodec(
            parse: { builder, value, _ in builder.parseNodes(value) }, print: { text, _ in text.addNodes() },
            isEqual: { $0.policies == $1.policies }),
        reload: .appliedWithAnotherKey,
        meaning: "Settings by `group/name`: `levels`, policies for this node.", default: "none")

    private static let suspicion: [ConfigurationKey] = [
        .init(
            "hold",
            .optional(
                \.hold, HoldRule(), shorthand: "a share such as 0.5",
                [
                    .init(
                        "hold.share",
                        .text(
                            \.hold[or: HoldRule()].share, expected: "a number above 0 and at most 1",
                            parse: { text in
                                guard let share = Double(text), share > 0, share <= 1 else { throw Unexpected() }
                                return share
                            }, notation: \.description),
                        meaning:
                            "Minimum share of overdue nodes among those that are overdue or heard: above 0, at most 1."
                    ),
                    .init(
                        "hold.min_excess", formerName: "least",
                        .wholeNumber(\.hold[or: HoldRule()].minExcess, in: 2...64),
                        meaning: "Minimum number of overdue nodes minus heard ones: 2 to 64."),
                    .init(
                        "hold.max_duration", formerName: "longest",
                        .duration(
                            \.hold[or: HoldRule()].maxDuration.asDuration, upTo: HoldRule.maxDurationLimit.asDuration),
                        meaning: "Maximum duration of a hold: up to 1h."),
                ]),
            options: [
                .text(
                    "--hold", "off|SHARE",
                    help: """
                        Share of a group that must fall silent together for its suspicions to be held, or 'off' \
                        (default 0.5).
                        """, example: "0.25")
            ],
            reload: .applied(\.hold) { new, _ in
                new.map { "hold is now \($0.notation)" } ?? "hold is now off"
            },
            meaning: """
                When suspicions are held, because many nodes fell silent at once and the network is the likelier cause: a \
                mapping, `off` (never), or a number (`share`).
                """, default: "on"),
        .init(
            "damping",
            .optional(
                \.recovery.flaps, 5, shorthand: nil,
                [
                    .init(
                        "damping.flaps", .wholeNumber(\.recovery.flaps[or: 5], in: 1...64),
                        meaning: "Number of suspicions that make a node a flapping one: 1 to 64."),
                    .init(
                        "damping.within", .duration(\.recovery.within.asDuration),
                        meaning: "The time within which they are counted."),
                    .init(
                        "damping.quiet_period", formerName: "calm", .duration(\.recovery.quietPeriod.asDuration),
                        meaning:
                            "How long the heartbeats of a flapping node must be in time before it is trusted again."),
                ]),
            reload: .applied(\.recovery.damping) { new, _ in "damping is now \(new.dampingNotation)" },
            meaning: "Whether flapping nodes are trusted again later: a mapping, or `off`."),
        .init(
            "trust_again_after", formerName: "steady", .wholeNumber(\.recovery.minConsecutive, in: 1...1000),
            reload: .applied(\.recovery.minConsecutive) { new, _ in "trust_again_after is now \(new)" },
            meaning: """
                Number of consecutive heartbeats that must be in time before a suspected node is trusted again: 1 to 1000.
                """),
    ]

    private static let storage: [ConfigurationKey] = [
        .init(
            "state", .optionalText(\.state, expected: "a folder or none"),
            options: [
                .text("--state", help: "Folder of the state store, or 'none' (default).", example: "none")
            ],
            meaning: """
                Folder of the state store, or `none`. The service persists its events (as many as `limits.events`), what it \
                learned about each node, and changes made with `phi tune` and `phi pause`. The folder is created if it does \
                not exist. One service at a time can use it.
                """),
        .init(
            "record",
            .optional(
                \.record, RecordingBounds(folder: ""), shorthand: "a folder",
                [
                    .init(
                        "record.folder",
                        .text(
                            \.record[or: RecordingBounds(folder: "")].folder, expected: "a folder", parse: { $0 },
                            notation: { $0 }),
                        meaning: "Folder of the recordings.", default: ""),
                    .init(
                        "record.file_size",
                        .size(\.record[or: RecordingBounds(folder: "")].fileSize, example: "64MB"),
                        meaning: "Size at which the next file begins."),
                    .init(
                        "record.total_size",
                        .size(\.record[or: RecordingBounds(folder: "")].totalSize, example: "1GB"),
                        meaning: "Total size above which the oldest files are deleted; at least `file_size`."),
                ]
            ).checking { builder, _, _ in builder.checkRecord() },
            options: [
                .text(
                    "--record", help: "Folder in which to record all inputs of the detector, or 'off' (default).",
                    example: "recordings")
            ],
            meaning: "Where all inputs of the detector are recorded: a mapping, `off`, or a folder (`folder`)."),
    ]

    private static let operation: [ConfigurationKey] = [
        .init(
            "limits",
            .mapping([
                .init(
                    "limits.nodes", .wholeNumber(\.limits.nodes, in: 1...Int(Int32.max)),
                    options: [
                        .text("--max-nodes", help: "Maximum number of nodes (default 1000000).", example: "10000")
                    ],
                    meaning: "Maximum number of nodes: 1 to 2147483647."),
                .init(
                    "limits.events", .wholeNumber(\.limits.events, in: 1...Int(Int32.max)),
                    meaning: "Maximum number of events kept for subscribers that missed some: 1 to 2147483647."),
            ]),
            meaning: "Maximum numbers of nodes and of stored events: a mapping."),
        .init(
            "http", .alwaysOff { "http \"\($0)\" is not supported yet: only 'off' is valid" },
            options: [.text("--http", help: "Serve HTTP on HOST:PORT; only 'off' so far.", example: "off")],
            meaning: "Only `off` so far."),
        .init(
            "log",
            .text(
                \.log, expected: "logfmt or json",
                parse: { text in
                    guard let format = LogFormat(rawValue: text) else { throw Unexpected() }
                    return format
                }, notation: \.rawValue),
            options: [
                .text("--log", help: "Format of the log on standard error: logfmt (default) or json.", example: "json")
            ],
            meaning: "Format of the log: `logfmt` or `json`."),
    ]
}

extension HoldRule {
    fileprivate var notation: String {
        "share \(share), min_excess \(minExcess), max_duration \(maxDuration.asDuration.notation)"
    }
}

extension RecoveryRule {
    /// The part of the rule that `damping` sets, with the default of the rest.
    fileprivate var damping: RecoveryRule {
        get { RecoveryRule(flaps: flaps, within: within, quietPeriod: quietPeriod) }
        set { (flaps, within, quietPeriod) = (newValue.flaps, newValue.within, newValue.quietPeriod) }
    }
    fileprivate var dampingNotation: String {
        guard let flaps else { return "off" }
        return "flaps \(flaps), within \(within.asDuration.notation), quiet_period \(quietPeriod.asDuration.notation)"
    }
}
