//! Which case is shown where: every one by the name of a test, or by a reason why not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// All cases of what a workflow engine must do.
const CASES: &str = "\
    A1 A2 A3 A4 A5 A6 A7 A9 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 B1 B2 B3 B4 B5 \
    B6 B7 B8 B9 B10 B11 B12 B13 B14 B15 B16 C1 C2 C3 C4 C5 C6 C10 C11 C12 C13 C14 C17 C18 C19 \
    C20 C21 C22 C23 C24 C25 C26 C27 C28 D1 D2 D3 D5 D6 D7 D8 D9 D10 E1 E2 E3 E4 E5 E6 E7 E8 \
    E12 E13 E14 E15 E16 E17 E18 E19 E20 E21 E22 E23 E24 E25 F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 \
    F12 F13 G1 G2 G3 G4 G6 G7 G8 G9 G11 G12 G13 G14 G15 H1 H2 H3 H5 H6 H7 H9 H10 H11 H13 H14 \
    I1 I2 I4 I5 I6 I7 I8 J1 J2 J3 J4 J5 J6 J7 J9 J10 J11 J13 J14 J15 K1 K2 K3 K6 K7 K8 K9 K10 \
    L1 L2 L3 L4 L5 L6 L7 L9 L10 L11 L12 L13 L14 M1 M2 M3 M4 M5 M6 M7 M8 N1 N2 N3 N4 N6 N7 N8 \
    N9 N10 N11 N12 O1 O2 O3 O4 O5 O6 O7 O8";

/// Why a case has no test of its own among these.
const REASONS: &[(&str, &str)] = &[
    (
        "B4",
        "the words are in `http/wire`; every one that a host gives is shown by a test of its own",
    ),
    ("C13", "there is no scheduler apart from the store: a timer and its run are one commit"),
    (
        "D8",
        "shown in the core: a cancelled task has an outcome of its own (`workflow/replay/tests.rs`)",
    ),
    (
        "E13",
        "shown in the core: a result that nobody waits for comes to no event (`workflow/state/tests.rs`)",
    ),
    ("E17", "limits by name are not offered yet; the one over all activities is shown (e16)"),
    (
        "E18",
        "a waiting workflow costs nothing and a computing one yields, so their number has no limit",
    ),
    ("E21", "there are no connections to workers"),
    ("J10", "a child runs on the host of its parent; several hosts come with a later store"),
    ("J15", "terminate is final; what a workflow undoes by itself is shown with sagas (e6)"),
    ("L9", "a stall is a state, not an event: there is nothing to record twice"),
    (
        "L11",
        "a patch is a command like any other: its order is checked as theirs is (l10, and the core)",
    ),
    ("L13", "shown with the bytes of the first release (`workflow/codec/tests.rs`)"),
    (
        "L14",
        "an attempt in another module runs on its active version, whichever that is by then (`modules`)",
    ),
    ("M7", "a failed run is done again from the event that failed, under a new ID (m1)"),
    ("N8", "one host has a store to itself; several come with a later store"),
    ("O3", "there is one host, so `appID` is no parameter of any route"),
    ("O6", "an activity reaches what its module is allowed, and so this host (`permissions`)"),
    ("O7", "traces are not offered yet"),
    ("O8", "metrics are not offered yet"),
    ("K1", "shown where rows can be counted (`store/redb/tests.rs`)"),
];

/// Collects the cases in the names of tests: `fn a1_b2_what_it_shows`.
fn named(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named(&path, found);
            continue;
        }
        // Beside tests there are guests, in other languages.
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (_, name) in text.lines().filter_map(|line| line.split_once("fn ")) {
            let is_case = |part: &&str| {
                let mut characters = part.chars();
                characters.next().is_some_and(|letter| ('a'..='o').contains(&letter))
                    && part.len() > 1
                    && characters.all(|digit| digit.is_ascii_digit())
            };
            found.extend(name.split('_').take_while(is_case).map(str::to_uppercase));
        }
    }
}

#[test]
fn every_case_is_shown_or_has_a_reason() {
    let mut shown = BTreeSet::new();
    named(Path::new(env!("CARGO_MANIFEST_DIR")), &mut shown);
    let reasons: BTreeSet<_> = REASONS.iter().map(|(case, _)| (*case).to_owned()).collect();
    let all: BTreeSet<_> = CASES.split_whitespace().map(str::to_owned).collect();
    let missing: Vec<_> =
        all.iter().filter(|case| !shown.contains(*case) && !reasons.contains(*case)).collect();
    assert!(missing.is_empty(), "neither shown nor explained: {missing:?}");
    let both: Vec<_> = reasons.intersection(&shown).collect();
    assert!(both.is_empty(), "shown, and yet explained away: {both:?}");
    let unknown: Vec<_> =
        shown.iter().chain(&reasons).filter(|case| !all.contains(*case)).collect();
    assert!(unknown.is_empty(), "there is no such case: {unknown:?}");
}
