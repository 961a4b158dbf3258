//! Real processes, stopped and killed by signals.

use super::{Held, World, wait_until};
use crate::{
    rig::proxy::Proxy,
    worker::{PROD, USERS},
};
use latchkey_simulator::kubernetes::Pattern;
use std::process::{Child, Command, Stdio};

/// `latchkey worker` as operators run it; it is killed when this is dropped.
struct Process {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Process {
    /// Starts a process over the world's database and AWS.
    fn start(world: &World) -> Self {
        Self::start_with(world, "", &[])
    }

    /// The same with more settings of `[aws]`, and in this environment.
    fn start_with(world: &World, settings: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (endpoint, keys) = (world.simulator.aws_endpoint(), world.simulator.worker_keys().unwrap());
        let text = format!(
            "[server]\npublic_url = \"http://127.0.0.1:8080\"\n\
             [database]\nworker_url = \"{}\"\n\
             [login]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"latchkey\"\n\
             [aws]\nregion = \"eu-west-1\"\niam_url = \"{endpoint}\"\nsts_url = \"{endpoint}\"\neks_url = \"{endpoint}\"\n{settings}",
            world.town.database.url_as("latchkey_worker"),
        );
        std::fs::write(folder.path().join("latchkey.toml"), text).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .arg("worker")
            .current_dir(folder.path())
            .env("AWS_ACCESS_KEY_ID", keys.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, _folder: folder }
    }

    /// Sends the process a signal: STOP, CONT, KILL.
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn told_of_itself(world: &World) {
    wait_until("a worker told of itself", async || world.town.count("select count(*) from worker_heartbeat").await > 0)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stopped_process_that_goes_on_after_others_ended_its_access_brings_nothing_back() {
    let world = World::new().await;
    let process = Process::start(&world);
    told_of_itself(&world).await;
    let mut held = Held::next(&world, Pattern::on("create", "rolebindings"));
    let grant = world.approved("ana").await;
    held.has_arrived().await;
    process.signal("STOP");
    world.workers_fell_silent().await;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
    held.let_go();
    process.signal("CONT");
    // The process goes on as a worker: it sets up what is asked for next.
    let next = world.approved("gus").await;
    wait_until("the process works again", async || world.state(next).await == "active").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
    assert_eq!(world.binding().len(), 1, "gus'");
    assert_eq!(
        (world.told_times("grant.activated", grant).await, world.told_times("grant.ended", grant).await),
        (0, 1)
    );
    world.give_back("gus", next).await;
    wait_until("it has ended", async || world.state(next).await == "ended").await;
    assert_eq!((world.aws_auth(PROD)["mapUsers"].as_str(), world.binding()), (USERS, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_killed_process_was_taking_away_another_one_takes_away() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let process = Process::start(&world);
    told_of_itself(&world).await;
    let mut held = Held::next(&world, Pattern::on("update", "rolebindings"));
    world.give_back("ana", grant).await;
    held.has_arrived().await;
    process.signal("KILL");
    drop(process);
    held.let_go();
    world.workers_fell_silent().await;
    let another = Process::start(&world);
    wait_until("it has ended", async || world.state(grant).await == "ended").await;
    assert_eq!((world.aws_auth(PROD)["mapUsers"].as_str(), world.binding()), (USERS, vec![]));
    assert_eq!(world.told_times("grant.ended", grant).await, 1);
    drop(another);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_reaches_api_servers_through_the_proxy_of_its_environment_only_if_its_file_says_so() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let environment = [("HTTPS_PROXY", proxy.address.as_str()), ("NO_PROXY", "")];
    let server = world.simulator.cluster("prod-eu").unwrap().server;
    let host = format!("CONNECT {}:{} ", server.host_str().unwrap(), server.port().unwrap());

    let direct = Process::start_with(&world, "", &environment);
    let grant = world.approved("ana").await;
    wait_until("it is set up", async || world.state(grant).await == "active").await;
    assert_eq!(proxy.asked(), Vec::<String>::new(), "what is not said does not happen");
    drop(direct);
    world.workers_fell_silent().await;

    let through = Process::start_with(&world, "proxy_clusters = true\n", &environment);
    world.give_back("ana", grant).await;
    wait_until("it has ended", async || world.state(grant).await == "ended").await;
    assert!(proxy.was_asked_for(&host), "{host}: {:?}", proxy.asked());
    assert_eq!(world.aws_auth(PROD)["mapUsers"].as_str(), USERS);
    drop(through);
}
