//! Who may import whom, and which crate stays behind which door.

/// A module, and what of its own crate it may name.
pub(crate) type Row = (&'static str, &'static [&'static str]);

/// `crates/core/src`: words may use ground and the words listed; rules may use both.
pub(crate) const CORE: &[Row] = &[
    ("lib", &[]),
    // Ground: nothing of ours, but names are drawn and dated.
    ("clock", &[]),
    ("rng", &[]),
    ("id", &["clock", "rng"]),
    // Words.
    ("fault", &[]),
    ("net", &[]),
    ("site", &["explain", "fault", "grant", "id", "net"]),
    ("kind", &[]),
    ("explain", &["action", "fault", "kind"]),
    ("hold", &[]),
    ("account", &["hold", "id"]),
    ("step", &[]),
    ("effect", &["step"]),
    // Tests date their actions.
    ("action", &["clock", "id", "kind"]),
    ("plan", &["action", "fault", "kind"]),
    ("pool", &["account", "action", "fault", "id", "kind"]),
    ("behavior", &["action", "effect", "explain", "fault", "kind", "site", "step"]),
    ("device", &["fault"]),
    ("persona", &["device", "fault", "kind", "rng"]),
    ("gesture", &[]),
    ("storage_state", &[]),
    (
        "bundle",
        &["account", "behavior", "device", "grant", "persona", "rng", "site", "storage_state"],
    ),
    ("lease", &["action", "id"]),
    ("charge", &["id", "lease"]),
    ("outcome", &["capacity", "lease"]),
    ("pressure", &[]),
    ("outline", &["step"]),
    ("event", &["action"]),
    ("receipt", &["action"]),
    ("audit", &[]),
    ("api_token", &["bundle"]),
    ("usage", &["event"]),
    ("health", &["id"]),
    ("onboarding", &["id"]),
    ("alert", &[]),
    // Tests date what was said.
    ("capacity", &["clock"]),
    ("recorder", &["gesture"]),
    ("origin", &[]),
    ("grant", &["kind", "origin"]),
    ("gate", &["bundle"]),
    ("one_time", &["bundle"]),
    ("dial", &[]),
    // Rules.
    ("alerting", &["alert", "clock"]),
    ("grading", &["capacity", "clock", "health", "id"]),
    ("lifecycle", &["account"]),
    ("motion", &["device", "gesture", "persona", "rng"]),
    ("rounds", &["clock", "id", "rng"]),
    ("routing", &["action", "grant", "kind", "lease"]),
    ("signature", &["grant", "origin"]),
];

const LOOP_DOORS: &[&str] = &["desk", "driver", "egress", "graph", "recording", "shutdown"];

/// `src`: doors know the core alone, loops know doors, faces know loops, `cli` knows all.
pub(crate) const APP: &[Row] = &[
    ("lib", &[]),
    ("main", &[]),
    ("shutdown", &[]),
    // Doors.
    ("queue", &[]),
    ("store", &[]),
    // A browser lives in a jail: the one door another stands in.
    ("driver", &["jail"]),
    ("jail", &[]),
    ("egress", &[]),
    ("graph", &[]),
    ("desk", &[]),
    ("notify", &[]),
    // What is recorded travels over the desk, in its `Chunk`.
    ("recording", &["desk"]),
    // Files of the host.
    ("catalog", &[]),
    ("data", &[]),
    ("signing", &[]),
    // Loops. `coordinator` reads an `Origin` of the way out to tell loopback from the rest.
    (
        "coordinator",
        &[
            "catalog",
            "desk",
            "egress",
            "graph",
            "notify",
            "queue",
            "recording",
            "shutdown",
            "signing",
            "store",
        ],
    ),
    ("worker", LOOP_DOORS),
    ("supervisor", &["data", "queue", "shutdown"]),
    // It measures whatever is to be fast, so it knows what it measures.
    ("bench", &["catalog", "desk", "driver", "egress", "queue", "recording", "shutdown", "worker"]),
    ("backup", &["data", "queue", "store"]),
    // Faces. A page shows what these hold; it never drives a browser or a worker.
    (
        "web",
        &["catalog", "config", "coordinator", "desk", "queue", "recording", "shutdown", "store"],
    ),
    ("config", &[]),
    (
        "cli",
        &[
            "backup",
            "bench",
            "catalog",
            "config",
            "coordinator",
            "data",
            "desk",
            "driver",
            "egress",
            "graph",
            "jail",
            "notify",
            "queue",
            "recording",
            "shutdown",
            "signing",
            "store",
            "supervisor",
            "web",
            "worker",
        ],
    ),
];

/// A crate and the only paths that may name it.
pub(crate) const CONFINED: &[(&str, &[&str])] = &[
    ("redis", &["src/queue"]),
    ("sea_orm", &["src/store"]),
    ("sea_orm_migration", &["src/store"]),
    ("chacha20poly1305", &["src/store/vault"]),
    ("hkdf", &["src/store/vault"]),
    ("chromiumoxide_cdp", &["src/driver/cdp"]),
    ("chromiumoxide_types", &["src/driver/cdp"]),
    ("fantoccini", &["src/driver/webdriver"]),
    ("scraper", &["src/driver/fake"]),
    ("axum", &["src/web", "plaza/"]),
    ("askama", &["src/web", "plaza/"]),
    ("clap", &["src/cli"]),
    ("indicatif", &["src/cli"]),
    ("lettre", &["src/notify"]),
    ("hmac", &["src/notify", "crates/core/src/one_time", "plaza/"]),
    (
        "reqwest",
        &[
            "src/egress/mailbox",
            "src/egress/wellknown",
            "src/graph",
            "src/desk",
            "src/driver/fake",
            "src/cli",
            "src/notify",
            "plaza/tests",
        ],
    ),
    // The WebDriver client is given its connections.
    ("hyper", &["src/egress", "src/driver/webdriver"]),
    ("hyper_util", &["src/egress", "src/driver/webdriver"]),
    ("tower_service", &["src/driver/webdriver"]),
    ("http_body_util", &["src/egress"]),
    ("tokio_socks", &["src/egress"]),
    ("rustix", &["src/jail"]),
];

/// Whether a row of the table lets `module` name `used`.
pub(crate) fn allows(rows: &[Row], module: &str, used: &str) -> bool {
    let row = rows.iter().find(|(name, _)| *name == module);
    used == module || row.is_some_and(|(_, may)| may.contains(&used))
}

/// Whether `module` has a row.
pub(crate) fn is_known(rows: &[Row], module: &str) -> bool {
    rows.iter().any(|(name, _)| *name == module)
}
