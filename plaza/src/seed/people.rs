//! Who lives on Plaza. All of them are invented.

/// Username and name of every member, the fleet's ten first.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    MEMBERS.lines().filter_map(|line| line.trim().split_once(' '))
}

/// One member a line: username, then name.
const MEMBERS: &str = "\
ada Ada Lindqvist
ben Ben Okafor
cleo Cleo Marchetti
dan Dan Whitlock
eve Eve Nakamura
fay Fay Ó Briain
gus Gus Halvorsen
hana Hana Kobayashi
ivo Ivo Petrov
june June Castellano
kaito.m Kaito Morita
lena_holt Lena Holt
marta.paints Marta Vidal
noor.ali Noor Ali
otto_bakes Otto Brandt
pia.winter Pia Winter
quinn_r Quinn Rosario
rosa.delmar Rosa del Mar
samir_k Samir Kaddour
tilda.g Tilda Grönberg
umi.letters Umi Tanaka
vera_in_motion Vera Sokolova
wes.outside Wes Carmichael
xenia.k Xenia Kostas
yusuf.films Yusuf Demir
zoe_ceramics Zoë Laurent
anton.b Anton Bergman
bea_the_baker Beatriz Lopes
caspian Caspian Reed
dora.weaves Dóra Szabó
elio.sounds Elio Ferri
frida_lake Frida Lake
gianna.r Gianna Russo
hugo_walks Hugo Mercier
ines.archive Inês Carvalho
jonas.k Jonas Keller
kemi_a Kemi Adeyemi
leif.north Leif Nordahl
mina.grows Mina Park
nils_by_bike Nils Aalto
oona.v Oona Virtanen
pablo_en_casa Pablo Ibarra
queenie.t Queenie Tran
rafael.sketch Rafael Moura
saga_lind Saga Lind
theo.prints Theo Wright
ursula_m Ursula Meier
viktor.h Viktor Horák
wanda.reads Wanda Kowalska
ximena_sol Ximena Solís
yara.costa Yara Costa
zeno_studio Zeno Baros
amara.ek Amara Ekwueme
bram_desk Bram de Vries
celeste.w Celeste Wu
darya_hn Darya Hanif
emil.tools Emil Sørensen
farah_cooks Farah Siddiqui
greta.light Greta Lund
hari_maps Hari Menon
isla.tides Isla McRae
jasper_q Jasper Quill
kirra.surf Kirra Hayes
lucio_rail Lucio Bianchi
maeve.stone Maeve Stone
nadia_plays Nadia Rahimi
oskar.timber Oskar Falk
priya.ink Priya Raman
remy_market Rémy Dubois
sunniva.k Sunniva Kvam
tomas_garden Tomás Herrera
vida.quiet Vida Jensen";

/// What members do.
pub(crate) const TRADES: &[&str] = &[
    "Architect of small rooms",
    "Baker, early riser",
    "Letterpress and paper",
    "Field recordings",
    "Ceramics, mostly bowls",
    "Landscape photographer",
    "Teacher and weekend sailor",
    "Botanical illustrator",
    "Bicycle mechanic",
    "Night-shift nurse",
    "Textile designer",
    "Luthier’s apprentice",
    "Map maker",
];

/// Where members live.
pub(crate) const PLACES: &[&str] = &[
    "Lisbon",
    "Bergen",
    "Kyoto",
    "Trieste",
    "Oaxaca",
    "Tromsø",
    "Glasgow",
    "Valparaíso",
    "Ljubljana",
    "Halifax",
    "Wellington",
    "Turku",
    "Essaouira",
    "Hanoi",
];

/// How bios end.
pub(crate) const TAILS: &[&str] = &[
    "Slow mornings, long walks.",
    "I collect doors.",
    "Learning to look twice.",
    "Mostly the sea, sometimes soup.",
    "Ask me about moss.",
    "Two cats, one darkroom.",
    "Notes to self, out loud.",
    "Here for the light.",
    "Making things that last.",
    "Postcards from the commute.",
];
