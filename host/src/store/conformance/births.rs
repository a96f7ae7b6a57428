//! How instances are born with the commit of another.

use super::{
    Bench, birth, chunk, commit, existing, furnish, id, identity, new, nothing_of, number, woken,
};
use crate::store::{Birth, Commit, Error, New, Receiver, Store, Stored, Target, Version};
use crate::workflow::id::Timestamp;

fn with(births: Vec<Birth>, version: u64) -> Commit {
    Commit { births, ..existing(1, version) }
}

fn replacing(birth: Birth, replaced: u64, version: u64) -> Birth {
    let replaces = Some((number(replaced), Version(version)));
    Birth { new: New { replaces, ..birth.new }, ..birth }
}

async fn texts<S: Store>(bench: &Bench<S>, instance: u64) -> Vec<String> {
    let messages = bench.messages(instance).await;
    messages.into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
}

async fn an_instance_is_born_with_the_commit_of_another<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    let parent = Some(number(1));
    let child = Birth { new: New { parent, ..identity(2, "two") }, ..birth(2, "two") };
    assert!(bench.commit(with(vec![child.clone()], 9)).await.is_err());
    nothing_of(&bench, 2).await;
    assert_eq!(texts(&bench, 1).await, [""; 0], "nothing comes of a commit that is refused");
    assert_eq!(bench.commit(with(vec![child], 1)).await, woken(&[1, 2]));
    let summary = b"summary of 2".to_vec();
    let stored = bench.store.load(number(2)).await.unwrap();
    assert_eq!(stored, Some(Stored { version: Version(1), summary }));
    assert_eq!(bench.store.find(&id("two")).await.unwrap(), Some(number(2)));
    let history = bench.store.history(number(2), 0..9).await.unwrap();
    assert_eq!(history, [chunk(0, b"start").unwrap()]);
    assert_eq!(bench.store.active(None, 9).await.unwrap(), [number(1), number(2)]);
    assert_eq!(bench.children(1).await, [2]);
    assert_eq!(bench.labels().await, [("label".to_owned(), 2)]);
    assert_eq!(texts(&bench, 1).await, ["2 is born"]);
    assert_eq!(texts(&bench, 2).await, [""; 0]);
    let again = Commit { history: chunk(0, b"turn"), ..existing(2, 1) };
    let refused = bench.commit(again).await;
    assert!(matches!(refused, Err(Error::Damaged(_))), "{refused:?}");
    bench.commit(Commit { history: chunk(1, b"turn"), ..existing(2, 1) }).await.unwrap();
    assert_eq!(bench.store.active(None, 9).await.unwrap(), [number(1)]);
}

async fn a_birth_may_go_without_a_word<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    let silent = |instance, text| Birth { if_born: None, ..birth(instance, text) };
    let births = vec![silent(3, "three"), silent(2, "two")];
    assert_eq!(bench.commit(with(births, 1)).await, woken(&[2, 3]));
    assert_eq!(texts(&bench, 1).await, [""; 0]);
    assert_eq!(bench.store.active(None, 9).await.unwrap(), [number(2), number(3)]);
    assert_eq!(bench.commit(with(vec![silent(4, "two")], 2)).await, woken(&[1]));
    assert_eq!(texts(&bench, 1).await, ["4 is refused"], "a refusal always has one");
}

async fn a_birth_is_refused_if_its_id_or_number_is_taken<S: Store>(bench: Bench<S>) {
    bench.commit(new(5, "five")).await.unwrap();
    let births = vec![
        birth(2, "five"),
        birth(2, "one"),
        birth(5, "another"),
        birth(1, "yet another"),
        birth(2, "two"),
        birth(3, "two"),
        birth(2, "three"),
    ];
    let outbox = vec![(Receiver::Number(number(5)), b"mail".to_vec())];
    let target = Target::New(identity(1, "one"));
    let committed = bench.commit(Commit { births, outbox, ..commit(1, target) }).await;
    assert_eq!(committed, woken(&[1, 2, 5]), "the rest of it holds");
    let expected = [
        "2 is refused",
        "2 is refused",
        "5 is refused",
        "1 is refused",
        "2 is born",
        "3 is refused",
        "2 is refused",
    ];
    assert_eq!(texts(&bench, 1).await, expected);
    assert_eq!(texts(&bench, 5).await, ["mail"]);
    nothing_of(&bench, 3).await;
    for (text, owner) in [("one", Some(1)), ("two", Some(2)), ("five", Some(5)), ("three", None)] {
        assert_eq!(bench.store.find(&id(text)).await.unwrap(), owner.map(number), "{text}");
    }
    assert_eq!([bench.version(1).await, bench.version(5).await], [Some(1), Some(1)]);
    assert_eq!(bench.store.list_by_id("", None, 99).await.unwrap().len(), 3);
    assert_eq!(bench.labels().await, [("label".to_owned(), 3)]);
}

async fn a_birth_can_replace_an_ended_instance<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    furnish(&bench, 5, "five").await;
    let moved_on = replacing(birth(6, "five"), 5, 7);
    assert_eq!(bench.commit(with(vec![moved_on], 1)).await, woken(&[1]));
    assert_eq!(bench.version(5).await, Some(1));
    let born = replacing(birth(6, "five"), 5, 1);
    let again = replacing(birth(7, "five"), 5, 1);
    assert_eq!(bench.commit(with(vec![born, again], 2)).await, woken(&[1, 6]));
    assert_eq!(texts(&bench, 1).await, ["6 is refused", "6 is born", "7 is refused"]);
    nothing_of(&bench, 5).await;
    nothing_of(&bench, 7).await;
    assert_eq!(bench.store.find(&id("five")).await.unwrap(), Some(number(6)));
    bench.purge(6, 1).await.unwrap();
    let gone = replacing(birth(8, "five"), 6, 1);
    assert_eq!(bench.commit(with(vec![gone], 3)).await, woken(&[1]));
    nothing_of(&bench, 8).await;
    assert_eq!(bench.store.timers(None, Timestamp::MAX, 9).await.unwrap(), []);
}

async fn a_birth_never_replaces_the_instance_whose_commit_it_is<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    let births = [1, 2].map(|version| replacing(birth(2, "one"), 1, version)).to_vec();
    assert_eq!(bench.commit(with(births, 1)).await, woken(&[1]));
    assert_eq!(texts(&bench, 1).await, ["2 is refused"; 2]);
    assert_eq!(bench.version(1).await, Some(2));
    nothing_of(&bench, 2).await;
}

async fn a_birth_may_replace_an_earlier_one<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    let births = vec![birth(2, "two"), replacing(birth(3, "two"), 2, 1)];
    assert_eq!(bench.commit(with(births, 1)).await, woken(&[1, 3]), "nobody wakes what is gone");
    assert_eq!(texts(&bench, 1).await, ["2 is born", "3 is born"]);
    nothing_of(&bench, 2).await;
    assert_eq!(bench.store.find(&id("two")).await.unwrap(), Some(number(3)));
}

async fn births_come_before_the_outbox<S: Store>(bench: Bench<S>) {
    bench.commit(new(1, "one")).await.unwrap();
    furnish(&bench, 5, "five").await;
    let births = vec![birth(2, "two"), replacing(birth(6, "five"), 5, 1)];
    let outbox = vec![
        (Receiver::Id(id("two")), b"by ID".to_vec()),
        (Receiver::Number(number(2)), b"by number".to_vec()),
        (Receiver::Id(id("five")), b"to the new one".to_vec()),
        (Receiver::Number(number(5)), b"to the old one".to_vec()),
        (Receiver::Id(id("one")), b"to itself".to_vec()),
    ];
    let commit = Commit { outbox, ..with(births, 1) };
    assert_eq!(bench.commit(commit).await, woken(&[1, 2, 6]));
    assert_eq!(texts(&bench, 2).await, ["by ID", "by number"]);
    assert_eq!(texts(&bench, 6).await, ["to the new one"]);
    assert_eq!(texts(&bench, 1).await, ["2 is born", "6 is born", "to itself"]);
    nothing_of(&bench, 5).await;
}

async fn a_refused_birth_leaves_the_others_of_its_batch_alone<S: Store>(bench: Bench<S>) {
    for instance in 0..20 {
        bench.commit(new(instance, &instance.to_string())).await.unwrap();
    }
    let commits = (0..20).map(|instance| {
        let births = vec![birth(100 + instance, &format!("child {}", instance / 2))];
        bench.commit(Commit { births, ..existing(instance, 1) })
    });
    for outcome in futures::future::join_all(commits).await {
        outcome.unwrap();
    }
    let born = bench.store.list_by_id("child ", None, 99).await.unwrap();
    assert_eq!(born.len(), 10);
    assert_eq!(bench.labels().await, [("label".to_owned(), 30)]);
}

for_every_store! {
    an_instance_is_born_with_the_commit_of_another
    a_birth_may_go_without_a_word
    a_birth_is_refused_if_its_id_or_number_is_taken
    a_birth_can_replace_an_ended_instance
    a_birth_never_replaces_the_instance_whose_commit_it_is
    a_birth_may_replace_an_earlier_one
    births_come_before_the_outbox
    a_refused_birth_leaves_the_others_of_its_batch_alone
}
