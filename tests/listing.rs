//! What an operator sees of many instances: lists in pages, filters, counts.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::guest::{Step, workflow_module};
use support::{Answer, Client, Host};

fn ask(client: &Client, component: &str, query: &str) -> Answer {
    client.send("GET", &format!("/v1.0/workflows/{component}?{query}"), b"")
}

/// One page: the IDs on it, and the token to the next.
fn page(client: &Client, query: &str) -> (Vec<String>, Option<String>) {
    let answer = ask(client, "dapr", query).expect(200).json();
    let instances = answer["instances"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let id = |instance: &Value| instance["instanceID"].as_str().unwrap().to_owned();
    (instances.iter().map(id).collect(), answer["next"].as_str().map(str::to_owned))
}

/// All pages; between them, something may be done.
fn pages(client: &Client, query: &str, mut between: impl FnMut()) -> Vec<Vec<String>> {
    let (first, mut next) = page(client, query);
    let mut pages = vec![first];
    while let Some(token) = next {
        between();
        let (more, after) = page(client, &format!("{query}&after={token}"));
        pages.push(more);
        next = after;
    }
    pages
}

fn all(client: &Client, query: &str) -> Vec<String> {
    pages(client, query, || {}).concat()
}

/// Starts instances that wait for ever, from several connections at once.
fn start_many(host: &Host, count: usize) {
    let starting: Vec<_> = (0..8)
        .map(|worker| {
            let client = host.client();
            std::thread::spawn(move || {
                for number in (worker..count).step_by(8) {
                    client.start("LongTimer", &format!("many-{number:04}"), "3600000");
                }
            })
        })
        .collect();
    starting.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn b11_1030_instances_come_in_pages_each_once() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start_many(&host, 1_030);
    let expected: BTreeSet<_> = (0..1_030).map(|number| format!("many-{number:04}")).collect();
    for (query, sizes) in [
        ("limit=1000", vec![1_000, 30]),
        ("limit=515", vec![515, 515]),
        ("limit=103", vec![103; 10]),
        ("limit=1000&idPrefix=many-", vec![1_000, 30]),
        ("limit=400&status=RUNNING&status=PENDING", vec![400, 400, 230]),
    ] {
        let pages = pages(&client, query, || {});
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{query}");
        let listed = pages.concat();
        assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), expected, "{query}");
        assert_eq!(listed.len(), expected.len(), "each once: {query}");
    }
    assert_eq!(page(&client, "").0.len(), 100, "unless told otherwise");
    let counts = client.send("GET", "/v1.0/counts", b"").expect(200).json();
    assert_eq!(counts["total"], 1_030);
}

#[test]
fn b11_whatever_changes_meanwhile_none_is_missed_or_seen_twice() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start_many(&host, 40);
    for query in ["limit=7", "limit=7&idPrefix=many"] {
        let mut round = 0;
        let pages = pages(&client, query, || {
            // What has been listed goes, what is to come ends, and others are born.
            let (listed, _) = page(&client, "limit=1&idPrefix=many");
            client.act(&listed[0], "purge", r#"{"force":true}"#).expect(202);
            client.act("many-0039", "terminate", "").expect(202);
            client.start("Chaining", &format!("new-{round}"), "1");
            client.start("LongTimer", &listed[0], "3600000");
            round += 1;
        });
        let listed = pages.concat();
        let distinct: BTreeSet<_> = listed.iter().collect();
        let born_anew = listed.len() - distinct.len();
        // In order of creation, one that has been replaced is another, and comes at the end.
        assert!(
            born_anew <= round && (born_anew == 0 || !query.contains("idPrefix")),
            "{listed:?}"
        );
        let there_all_along = (round..40).map(|number| format!("many-{number:04}"));
        let missed: Vec<_> = there_all_along.filter(|id| !distinct.contains(id)).collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
}

#[test]
fn b12_in_a_prefix_no_character_is_special() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for id in ["hello_workflow", "hello_", "_hello", "helloXworkflow", "größe"] {
        client.start("LongTimer", id, "3600000");
    }
    assert_eq!(
        all(&client, "limit=2"),
        ["hello_workflow", "hello_", "_hello", "helloXworkflow", "größe"],
        "in order of creation"
    );
    assert_eq!(all(&client, "idPrefix=hello_&limit=1"), ["hello_", "hello_workflow"]);
    assert_eq!(all(&client, "idPrefix=_"), ["_hello"]);
    assert_eq!(all(&client, "idPrefix=%25"), [""; 0]);
    assert_eq!(all(&client, "idPrefix=gr%C3%B6"), ["größe"]);
}

#[test]
fn b13_what_is_purged_is_listed_no_more() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for id in ["one", "two", "three"] {
        client.start("Chaining", id, "1");
        client.wait_for(id, "COMPLETED");
    }
    client.act("two", "purge", "").expect(202);
    for query in ["", "idPrefix=t", "status=COMPLETED", "name=Chaining"] {
        assert!(!all(&client, query).contains(&"two".to_owned()), "{query}");
    }
    assert_eq!(all(&client, ""), ["one", "three"]);
    let counts = client.send("GET", "/v1.0/counts", b"").expect(200).json();
    let expected = json!({
        "total": 2,
        "byStatus": { "COMPLETED": 2 },
        "byWorkflow": { "Chaining": { "COMPLETED": 2 } },
    });
    assert_eq!(counts, expected);
}

/// Instances in every state, of two modules.
fn mixed(client: &Client) {
    client.upload("other", &workflow_module("Other", Step::WaitEvent("go"), "1"));
    client.start("Chaining", "done", "1");
    client.wait_for("done", "COMPLETED");
    client.start("Panics", "failed", "");
    client.wait_for("failed", "FAILED");
    client.start("LongTimer", "stopped", "3600000");
    client.act("stopped", "terminate", "").expect(202);
    client.start("LongTimer", "paused", "3600000");
    client.act("paused", "pause", "").expect(202);
    client.start("LongTimer", "running", "3600000");
    client.start("Other", "other", "");
    for id in ["running", "other"] {
        client.wait_for(id, "RUNNING");
    }
    let start = "/v1.0/workflows/dapr/LongTimer/start?instanceID=pending&delay=1d";
    client.send("POST", start, b"1").expect(202);
}

#[test]
fn b14_filters_give_exactly_what_matches() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    mixed(&client);
    let digest = client.get("other")["moduleDigest"].as_str().unwrap().to_owned();
    let unknown = "0".repeat(64);
    let cases: [(&str, &[&str]); 12] = [
        ("", &["done", "failed", "stopped", "paused", "running", "other", "pending"]),
        ("status=COMPLETED", &["done"]),
        ("status=FAILED&status=TERMINATED", &["failed", "stopped"]),
        ("status=SUSPENDED", &["paused"]),
        ("status=PENDING", &["pending"]),
        ("status=STALLED", &[]),
        ("status=RUNNING&name=LongTimer", &["running"]),
        ("name=Chaining&name=Other", &["done", "other"]),
        ("name=Nobody", &[]),
        ("idPrefix=p&status=SUSPENDED", &["paused"]),
        (&format!("moduleDigest={digest}"), &["other"]),
        (&format!("moduleDigest={unknown}"), &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(all(&client, query), expected, "{query}");
        assert_eq!(all(&client, &format!("{query}&limit=1")), expected, "{query}, one by one");
    }
    let of = |component: &str| ask(&client, component, "").expect(200).json()["instances"].clone();
    assert_eq!(of("other").as_array().unwrap().len(), 1);
    assert_eq!(of("patterns").as_array().unwrap().len(), 6);
    assert_eq!(of("nobody"), json!([]));
    let counts = client.send("GET", "/v1.0/counts", b"").expect(200).json();
    assert_eq!(counts["byStatus"]["RUNNING"], 2);
    assert_eq!(
        counts["byWorkflow"]["LongTimer"],
        json!({ "TERMINATED": 1, "SUSPENDED": 1, "RUNNING": 1, "PENDING": 1 })
    );
}

#[test]
fn b14_times_are_taken_from_the_first_and_not_the_last() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    for id in ["one", "two", "three"] {
        client.start("Chaining", id, "1");
        client.wait_for(id, "COMPLETED");
    }
    let two = client.get("two");
    let (created, updated) =
        (two["createdAt"].as_str().unwrap(), two["lastUpdatedAt"].as_str().unwrap());
    for prefix in ["", "idPrefix=t&"] {
        let ids = |query: String| -> BTreeSet<String> {
            all(&client, &format!("{prefix}{query}")).into_iter().collect()
        };
        let from = ids(format!("createdFrom={created}"));
        assert!(from.contains("two") && from.contains("three"), "{from:?}");
        let until = ids(format!("createdTo={created}"));
        assert!(!until.contains("two") && !until.contains("three"), "{until:?}");
        let from = ids(format!("updatedFrom={updated}&limit=1"));
        assert!(from.contains("two") && from.contains("three"), "{from:?}");
        let until = ids(format!("updatedTo={updated}&limit=1"));
        assert!(!until.contains("two") && !until.contains("three"), "{until:?}");
        assert_eq!(ids(format!("createdFrom={updated}&createdTo={created}")), BTreeSet::new());
    }
}

#[test]
fn b5_a_list_shows_what_get_shows_but_no_payloads() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("ParentOfWaiting", "parent", "1");
    client.wait_for("parent", "RUNNING");
    client.raise("parent:0001", "go", "1");
    client.wait_for("parent", "COMPLETED");
    let listed = ask(&client, "dapr", "").expect(200).json();
    assert_eq!(listed.get("next"), None);
    for (position, id) in ["parent", "parent:0001"].into_iter().enumerate() {
        let mut shown = client.get(id);
        shown.as_object_mut().unwrap().remove("properties").unwrap();
        assert_eq!(listed["instances"][position], shown);
    }
    assert_eq!(listed["instances"][1]["parentInstanceID"], "parent");
}

#[test]
fn a_listing_that_can_not_be_understood_is_refused() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    start_many(&host, 2);
    let (_, by_creation) = page(&client, "limit=1");
    let by_creation = by_creation.unwrap();
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("status=DONE", "status"),
        ("status=running", "status"),
        ("createdFrom=yesterday", "createdFrom"),
        ("updatedTo=1", "updatedTo"),
        ("moduleDigest=abc", "moduleDigest"),
        ("after=x", "after"),
        (&format!("idPrefix=many&after={by_creation}"), "after"),
        ("stauts=RUNNING", "stauts"),
        ("Name=Chaining", "Name"),
    ] {
        let message = ask(&client, "dapr", query).expect_error(400, "ERR_MALFORMED_REQUEST");
        assert!(message.contains(named), "{query}: {message}");
    }
    client.send("GET", "/v1.0/counts?name=x", b"").expect_error(400, "ERR_MALFORMED_REQUEST");
}

#[test]
fn lists_and_counts_are_there_under_each_prefix() {
    let host = Host::with_patterns(&[]);
    let client = host.client();
    client.start("Chaining", "one", "1");
    for prefix in ["v1.0-alpha1", "v1.0-beta1", "v1.0"] {
        let listed =
            client.send("GET", &format!("/{prefix}/workflows/dapr"), b"").expect(200).json();
        assert_eq!(listed["instances"][0]["instanceID"], "one");
        let counted = client.send("GET", &format!("/{prefix}/counts"), b"").expect(200).json();
        assert_eq!(counted["total"], 1);
    }
}
