//! Runs a simulator with one person and one cluster until it is interrupted, and prints how to reach it.
//! An argument is the folder that keeps its state.

use latchkey_simulator::{
    Simulator,
    seed::{OidcClient, Seed, SeedCluster, SeedPerson, SeedUser},
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut seed = Seed::new("eu-west-1", "111122223333");
    seed.people.push(SeedPerson {
        handle: "jane".to_owned(),
        name: "Jane Doe".to_owned(),
        email: "jane@example.com".to_owned(),
        groups: vec!["developers".to_owned()],
        aws: Some(SeedUser::new("jane", "/latchkey/")),
    });
    let aws_auth =
        "- userarn: \"arn:aws:iam::111122223333:user/latchkey/jane\"\n  username: jane\n  groups: [system:masters]\n";
    seed.clusters.push(SeedCluster {
        namespaces: vec!["payments".to_owned()],
        aws_auth: Some([("mapUsers".to_owned(), aws_auth.to_owned())].into()),
        ..SeedCluster::new("demo")
    });
    seed.clients.push(OidcClient {
        id: "latchkey".to_owned(),
        secret: "secret".to_owned(),
        redirect_uris: vec!["http://127.0.0.1:8080/sign-in/callback".to_owned()],
    });
    let simulator = Simulator::start(seed, std::env::args_os().nth(1).map(Into::into)).await?;
    println!("export AWS_ENDPOINT_URL={} AWS_REGION=eu-west-1", simulator.aws_endpoint());
    println!("issuer: {}", simulator.issuer());
    for (who, keys) in [("worker", simulator.worker_keys()), ("jane", simulator.person_keys("jane"))] {
        let Some(keys) = keys else { continue };
        println!("{who}: AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}", keys.access_key_id, keys.secret_access_key);
    }
    tokio::signal::ctrl_c().await?;
    simulator.shutdown().await
}
