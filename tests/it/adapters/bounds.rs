//! Answers that never end, that are too large or too slow, or that are not an API server's: each is a fault with a
//! sentence that says so.

use super::{aws_at, keys, kubernetes::World, said};
use latchkey::{
    fault::{Fault, FaultKind},
    kubernetes::{NamedObjects, WantedObservation},
};
use latchkey_simulator::kubernetes::{Failure, Pattern, Strange};
use std::time::{Duration, Instant};

/// More requests than a list has pages.
const ALWAYS: u32 = 10_000;

async fn listed(world: &World, resource: &str, strange: Strange) -> Fault {
    let knobs = world.server().knobs();
    knobs.fail(Pattern::on("list", resource), Failure::Strange(strange), ALWAYS);
    let fault = world.cluster.observe(&WantedObservation::default()).await.unwrap_err();
    knobs.heal();
    fault
}

#[tokio::test]
async fn a_list_that_never_ends_and_one_that_is_huge_are_given_up_with_a_sentence() {
    let world = World::simulated().await;
    for (resource, strange, says) in [
        ("rolebindings", Strange::Endless, "the list has more than 200 pages"),
        ("namespaces", Strange::Huge(33), "the answer is larger than 32 MiB"),
        ("clusterroles", Strange::Huge(2_000), "the answer is larger than 32 MiB"),
    ] {
        let fault = listed(&world, resource, strange).await;
        assert_eq!(*fault.kind(), FaultKind::TooMuch, "{fault:?}");
        let told = said(&fault);
        assert!(
            told.contains(says) && told.contains("`classic`") && told.contains("An operator has to look"),
            "{told}"
        );
    }
    world.cluster.observe(&WantedObservation::default()).await.unwrap();
}

/// An IAM that answers each call with this many MiB.
async fn answering(mib: usize) -> url::Url {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 16_384]).await;
                // Chunked, so that the length is not known beforehand.
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ntransfer-encoding: chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                let piece = vec![b' '; 1 << 20];
                for _ in 0..mib {
                    stream.write_all(b"100000\r\n").await?;
                    stream.write_all(&piece).await?;
                    stream.write_all(b"\r\n").await?;
                }
                stream.write_all(b"0\r\n\r\n").await
            });
        }
    });
    url
}

#[tokio::test]
async fn an_answer_of_aws_that_is_huge_is_given_up_with_a_sentence() {
    let user = latchkey_domain::eks::arn::UserArn::parse(&latchkey_testkit::iam_arn("user/ana")).unwrap();
    for (mib, says) in [(31, None), (33, Some("the answer is larger than 32 MiB")), (2_000, Some("larger than 32 MiB"))]
    {
        let fault =
            aws_at(&answering(mib).await, keys("AKIAEXAMPLE", "secret")).await.known_user(&user).await.unwrap_err();
        assert_eq!(says.is_some(), *fault.kind() == FaultKind::TooMuch, "{mib} MiB: {fault:?}");
        assert!(says.is_none_or(|says| said(&fault).contains(says)), "{mib} MiB: {}", said(&fault));
    }
}

#[tokio::test]
async fn a_large_answer_below_the_bound_is_read() {
    let world = World::simulated().await;
    let knobs = world.server().knobs();
    knobs.fail(Pattern::on("list", "roles"), Failure::Strange(Strange::Huge(31)), 1);
    world.cluster.observe(&WantedObservation::default()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_api_server_is_told_apart_and_led_nowhere() {
    let world = World::simulated().await;
    for (strange, says) in [
        (Strange::Html(200), "something that is not an API server answered with text/html"),
        (Strange::Html(502), "something that is not an API server answered 502"),
        (
            Strange::Redirect("https://127.0.0.1:1/elsewhere"),
            "answered 302 and sends on, where Latchkey does not follow",
        ),
    ] {
        let fault = listed(&world, "rolebindings", strange).await;
        assert_eq!(*fault.kind(), FaultKind::Transient, "{fault:?}");
        assert!(said(&fault).contains(says), "{}", said(&fault));
    }
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up_after_ten_seconds_in_all() {
    let world = World::simulated().await;
    let begun = Instant::now();
    let fault = listed(&world, "rolebindings", Strange::Dripping(Duration::from_millis(500))).await;
    assert!(said(&fault).contains("no answer within 10 s"), "{}", said(&fault));
    assert!(begun.elapsed() < Duration::from_secs(18), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_accesses_go_by_is_read_by_name_whatever_the_lists_do() {
    let world = World::simulated().await;
    world.server().knobs().fail(Pattern::on("list", "*"), Failure::Strange(Strange::Endless), ALWAYS);
    let named = NamedObjects {
        bindings: [(None, "latchkey-worker".to_owned()), (Some("default".to_owned()), "absent".to_owned())].into(),
        namespaces: ["default".to_owned(), "absent".to_owned()].into(),
        cluster_roles: ["view".to_owned(), "absent".to_owned()].into(),
    };
    let state = world.cluster.observe_named(&named).await.unwrap();
    let seen: Vec<&str> = state.bindings.iter().map(|binding| binding.name.as_str()).collect();
    assert_eq!(seen, ["latchkey-worker"]);
    assert_eq!(state.namespaces.len(), 1);
    assert_eq!(state.cluster_roles.keys().collect::<Vec<_>>(), ["view"]);
    assert!(state.aws_auth.is_some() && state.marker.is_some());
}
