//! What is kept by name: modules and documents.

use super::Bench;
use crate::store::{DocumentStore, ModuleStore, Store};
use crate::workflow::id::Digest;

async fn modules_are_kept_by_name_and_bytes_by_digest<S: Store + ModuleStore>(bench: Bench<S>) {
    let (store, lease) = (&bench.store, bench.lease);
    let binary = |byte: u8| Some((Digest([byte; 32]), bytes::Bytes::from(vec![byte; 3])));
    store.save_module(lease, "b", vec![1], binary(1)).await.unwrap();
    store.save_module(lease, "a", Vec::new(), binary(2)).await.unwrap();
    store.save_module(lease, "b", vec![2], None).await.unwrap();
    let modules = store.modules().await.unwrap();
    assert_eq!(modules, [("a".to_owned(), vec![]), ("b".to_owned(), vec![2])]);
    assert_eq!(store.binary(Digest([1; 32])).await.unwrap().unwrap(), vec![1; 3]);
    store.delete_module(lease, "b", vec![Digest([1; 32]), Digest([9; 32])]).await.unwrap();
    store.delete_module(lease, "nobody", Vec::new()).await.unwrap();
    assert_eq!(store.modules().await.unwrap().len(), 1);
    assert_eq!(store.binary(Digest([1; 32])).await.unwrap(), None);
    assert!(store.binary(Digest([2; 32])).await.unwrap().is_some());
}

async fn documents_are_kept_by_kind_and_name<S: Store + DocumentStore>(bench: Bench<S>) {
    let (store, lease) = (&bench.store, bench.lease);
    let names = async |kind: &str| {
        let documents = store.documents(kind).await.unwrap();
        documents.into_iter().map(|(name, document)| format!("{name}={}", document[0])).collect()
    };
    let of = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    for (kind, name, document) in [
        ("job", "b", 1),
        ("job", "a", 2),
        ("jo", "z", 3),
        ("jobs", "", 4),
        ("job", "", 5),
        ("", "job", 6),
        ("job", "\u{10ffff}", 7),
    ] {
        store.save_document(lease, kind, name, vec![document]).await.unwrap();
    }
    store.save_document(lease, "job", "b", vec![8]).await.unwrap();
    let jobs: Vec<String> = names("job").await;
    assert_eq!(jobs, of(&["=5", "a=2", "b=8", "\u{10ffff}=7"]));
    store.delete_document(lease, "job", "a").await.unwrap();
    store.delete_document(lease, "job", "nobody").await.unwrap();
    store.delete_document(lease, "nothing", "b").await.unwrap();
    let jobs: Vec<String> = names("job").await;
    assert_eq!(jobs, of(&["=5", "b=8", "\u{10ffff}=7"]));
    for (kind, expected) in [("jo", &["z=3"][..]), ("jobs", &["=4"]), ("", &["job=6"]), ("j", &[])]
    {
        let found: Vec<String> = names(kind).await;
        assert_eq!(found, of(expected), "{kind}");
    }
}

for_every_store! {
    modules_are_kept_by_name_and_bytes_by_digest
    documents_are_kept_by_kind_and_name
}
