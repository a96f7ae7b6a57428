//! Compiled code on disk: used where it is whole, replaced where it is not, and never relied on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde_json::json;
use support::Host;

use super::{activity_module, delete, run, version};

/// What is in the folder: file by file, and which file it is.
pub(super) fn files(host: &Host) -> Vec<(PathBuf, u64, i64)> {
    let entries = fs::read_dir(host.data_dir().join("compiled")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            (entry.path(), metadata.ino(), metadata.mtime_nsec())
        })
        .collect();
    files.sort();
    files
}

fn is_well((path, ..): &(PathBuf, u64, i64)) -> bool {
    support::is_compiled_well(&path.to_string_lossy())
}

/// Waits until a host has compiled its modules well, which are so many.
pub(super) fn compiled(host: &Host, count: usize) -> Vec<(PathBuf, u64, i64)> {
    support::eventually("the code is kept", || {
        let files = files(host);
        (files.len() == count && files.iter().all(is_well)).then_some(files)
    })
}

fn the_file(host: &Host) -> PathBuf {
    compiled(host, 1).remove(0).0
}

fn host() -> Host {
    let host = Host::start();
    host.client().upload("kept", &version("Kept", "1"));
    host
}

fn warnings(log: &[String]) -> Vec<&String> {
    log.iter().filter(|line| line.contains(r#""level":"WARN""#)).collect()
}

#[test]
fn compiled_code_is_used_again() {
    let mut host = host();
    let before = compiled(&host, 1);
    assert_eq!(run(&host.client(), "Kept", "first"), json!(1));
    for id in ["second", "third"] {
        host.kill();
        host.restart();
        assert_eq!(run(&host.client(), "Kept", id), json!(1));
        assert_eq!(files(&host), before, "nothing was written");
    }
}

#[test]
fn code_compiled_in_haste_is_kept_until_there_is_better() {
    let mut host = host();
    host.kill();
    let kept = files(&host);
    // By now it may have been compiled well.
    let is_hasty =
        |(path, ..): &&(PathBuf, u64, i64)| path.to_string_lossy().ends_with(".hasty.cwasm");
    let hasty = kept.iter().find(is_hasty).filter(|_| !kept.iter().any(is_well));
    if let Some((path, ..)) = hasty {
        fs::write(path, b"What is this?").unwrap();
    }
    host.restart();
    assert_eq!(run(&host.client(), "Kept", "restarted"), json!(1));
    if let Some((path, ..)) = hasty {
        let name = path.file_name().unwrap().to_str().unwrap();
        support::eventually("it has been looked at", || {
            warnings(&host.log()).iter().any(|line| line.contains(name)).then_some(())
        });
    }
    compiled(&host, 1);
}

/// Returns a host that was killed, and left such a file beside its code; and what it had besides that.
fn host_with_left_over(extension: &str) -> (Host, Vec<(PathBuf, u64, i64)>) {
    let mut host = host();
    let before = compiled(&host, 1);
    host.kill();
    fs::write(before[0].0.with_extension(extension), b"What is this?").unwrap();
    host.restart();
    (host, before)
}

#[test]
fn code_compiled_in_haste_goes_even_if_a_crash_left_it_beside_better() {
    let (host, before) = host_with_left_over("hasty.cwasm");
    assert_eq!(run(&host.client(), "Kept", "restarted"), json!(1));
    assert_eq!(files(&host), before);
    assert_eq!(warnings(&host.log()), Vec::<&String>::new());
}

#[test]
fn an_instance_that_began_on_code_compiled_in_haste_goes_on_and_is_replayed_on_other_code() {
    let mut host = host();
    host.client().start("Kept", "begun", "");
    host.client().wait_for("begun", "RUNNING");
    the_file(&host);
    host.client().start("Kept", "later", "");
    host.client().wait_for("later", "RUNNING");
    host.client().raise("later", "go", "");
    assert_eq!(host.client().output_of("later"), json!(1));
    host.kill();
    host.restart();
    host.client().raise("begun", "go", "");
    assert_eq!(host.client().output_of("begun"), json!(1));
}

#[test]
fn damaged_code_is_ignored_with_a_warning_and_replaced() {
    let mut host = host();
    let path = the_file(&host);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let whole = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damages = [
        ("in the checksum", flipped(0)),
        ("in the middle", flipped(whole.len() / 2)),
        ("at the end", flipped(whole.len() - 1)),
        ("cut short", whole[..whole.len() / 2].to_owned()),
        ("cut very short", whole[..10].to_owned()),
        ("empty", Vec::new()),
        ("longer", [&whole[..], b"x"].concat()),
        ("another file", b"What is this?".repeat(100)),
    ];
    for (position, (damage, bytes)) in damages.iter().enumerate() {
        host.kill();
        fs::write(&path, bytes).unwrap();
        let damaged = files(&host);
        host.restart();
        assert_eq!(run(&host.client(), "Kept", &format!("run-{position}")), json!(1), "{damage}");
        let log = host.log();
        let warned = warnings(&log).iter().any(|line| line.contains(&name));
        assert!(warned, "{damage}: {log:#?}");
        let replaced = support::eventually("it is replaced", || {
            let files = compiled(&host, 1);
            (files != damaged).then_some(files)
        });
        assert_eq!(replaced[0].0, path, "{damage}: no other file");
        host.kill();
        host.restart();
        assert_eq!(run(&host.client(), "Kept", &format!("rerun-{position}")), json!(1));
        assert_eq!(files(&host), replaced, "{damage}: it was whole again");
        assert_eq!(warnings(&host.log()), Vec::<&String>::new(), "{damage}");
    }
}

#[test]
fn without_the_folder_everything_works() {
    let mut host = host();
    let path = the_file(&host);
    host.kill();
    fs::remove_dir_all(host.data_dir().join("compiled")).unwrap();
    host.restart();
    assert_eq!(run(&host.client(), "Kept", "restarted"), json!(1));
    assert_eq!(the_file(&host), path);
    // Even if it goes while the host runs.
    fs::remove_dir_all(host.data_dir().join("compiled")).unwrap();
    host.client().upload("kept", &version("Kept", "2"));
    assert_eq!(run(&host.client(), "Kept", "meanwhile"), json!(2));
    host.client().upload("gone", &version("Gone", "1"));
    delete(&host.client(), "gone").expect(204);
    host.kill();
    host.restart();
    assert_eq!(run(&host.client(), "Kept", "afterwards"), json!(2));
}

#[test]
fn what_is_refused_leaves_no_code_behind() {
    let host = host();
    let before = compiled(&host, 1);
    let client = host.client();
    let taken = client.send("PUT", "/v1.0/modules/other", &version("Kept", "2"));
    taken.expect_error(409, "ERR_WORKFLOW_TAKEN");
    // Not even what another module has: that stays.
    let taken = client.send("PUT", "/v1.0/modules/other", &version("Kept", "1"));
    taken.expect_error(409, "ERR_WORKFLOW_TAKEN");
    let unusable = client.send("PUT", "/v1.0/modules/other", &version("a/b", "2"));
    unusable.expect_error(422, "ERR_MODULE_NAME_UNUSABLE");
    assert_eq!(files(&host), before);
    assert_eq!(run(&client, "Kept", "run"), json!(1));
}

#[test]
fn what_a_crash_left_unfinished_is_removed() {
    let (host, before) = host_with_left_over("0123.tmp");
    assert_eq!(files(&host), before);
}

#[test]
fn what_another_release_compiled_is_not_used_and_goes_when_it_is_replaced() {
    let mut host = host();
    let path = the_file(&host);
    host.kill();
    let (digest, _) = path.file_name().unwrap().to_str().unwrap().split_once('-').unwrap();
    let older = path.with_file_name(format!("{digest}-0123456789abcdef.cwasm"));
    fs::rename(&path, &older).unwrap();
    host.restart();
    assert_eq!(run(&host.client(), "Kept", "after-an-upgrade"), json!(1));
    support::eventually("it is replaced", || (the_file(&host) == path).then_some(()));
}

#[test]
fn the_same_bytes_under_two_names_are_compiled_once_and_kept_until_both_are_gone() {
    let host = Host::start();
    let client = host.client();
    client.upload("tools", &activity_module("Saw", "blunt"));
    let before = compiled(&host, 1);
    client.upload("more-tools", &activity_module("Saw", "blunt"));
    assert_eq!(files(&host), before);
    delete(&client, "tools").expect(204);
    assert_eq!(files(&host), before);
    delete(&client, "more-tools").expect(204);
    assert_eq!(files(&host), []);
}
