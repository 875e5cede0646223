//! Who takes part: six regulars, twenty-five that come by the file, twenty-five by an import.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::support::fleet::Home;

/// In the file from the start; ben and eve have API tokens.
pub(super) const REGULARS: [&str; 6] = ["ada", "ben", "cleo", "dan", "eve", "fay"];

/// They come by a reload. The first five break, the last five leave.
pub(super) const BY_FILE: [&str; 25] = [
    "gus",
    "hana",
    "ivo",
    "june",
    "kaito-m",
    "lena_holt",
    "marta-paints",
    "noor-ali",
    "otto_bakes",
    "pia-winter",
    "quinn_r",
    "rosa-delmar",
    "samir_k",
    "tilda-g",
    "umi-letters",
    "vera_in_motion",
    "wes-outside",
    "xenia-k",
    "yusuf-films",
    "zoe_ceramics",
    "anton-b",
    "bea_the_baker",
    "caspian",
    "dora-weaves",
    "elio-sounds",
];

/// They come by an import. The last five leave.
pub(super) const BY_HAND: [&str; 25] = [
    "frida_lake",
    "gianna-r",
    "hugo_walks",
    "ines-archive",
    "jonas-k",
    "kemi_a",
    "leif-north",
    "mina-grows",
    "nils_by_bike",
    "oona-v",
    "pablo_en_casa",
    "queenie-t",
    "rafael-sketch",
    "saga_lind",
    "theo-prints",
    "ursula_m",
    "viktor-h",
    "wanda-reads",
    "ximena_sol",
    "yara-costa",
    "zeno_studio",
    "amara-ek",
    "bram_desk",
    "celeste-w",
    "darya_hn",
];

/// Plaza's name for an account: ours have no dots.
pub(super) fn username(id: &str) -> String {
    id.replace('-', ".")
}

/// What an account has beside its password.
pub(super) fn more(home: &Home, id: &str, proxy: Option<SocketAddr>) -> String {
    let mut more = "plan = \"afternoon\"\n".to_owned();
    if ["ben", "eve", "gus"].contains(&id) {
        let file = home.secret(&format!("{id}.token"), &format!("tok-{id}"));
        writeln!(more, "token_file = \"{}\"", file.display()).unwrap();
    }
    if let Some(proxy) = proxy.filter(|_| id == "hana") {
        let file = home.secret("proxy.password", "pw");
        writeln!(
            more,
            "proxy = {{ url = \"http://{proxy}\", username = \"walkon\", password_file = \"{}\" }}",
            file.display()
        )
        .unwrap();
    }
    more
}

/// The accounts' file with these accounts.
pub(super) fn file(home: &Home, ids: &[&str], proxy: Option<SocketAddr>) -> String {
    let entry = |id: &&str| {
        let entry = home.entry(id, &more(home, id, proxy));
        home.secret(&format!("{id}.password"), &format!("{}-secret", username(id)));
        entry.replace(&format!("username = \"{id}\""), &format!("username = \"{}\"", username(id)))
    };
    ids.iter().map(entry).collect()
}

/// The same as a spreadsheet writes it.
pub(super) fn csv(home: &Home, ids: &[&str]) -> String {
    let line = |id: &&str| {
        let password = home.secret(&format!("{id}.password"), &format!("{}-secret", username(id)));
        format!("{id},plaza,{},afternoon,{}\r\n", username(id), password.display())
    };
    let lines: String = ids.iter().map(line).collect();
    format!("\u{feff}id,site,username,plan,password_file\r\n{lines}")
}
