//! The story that Latchkey is for, as its users see it: browsers, kubectl, the AWS CLI. Each test runs on the simulator
//! and, if a real component could disagree, on the real ones.

mod audit;
mod entries;
mod hands;
pub mod people;
mod roles;
mod trouble;
mod who_gets_in;
mod whole;

/// A test of one story on each kind of stage.
macro_rules! on_both_stages {
    ($($name:ident),+ $(,)?) => {
        mod on_the_simulator {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let Some(stage) = crate::stage::Stage::simulated().await else { return };
                super::$name(&stage).await;
            })+
        }

        mod on_the_real_components {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let Some(stage) = crate::stage::Stage::real().await else { return };
                super::$name(&stage).await;
            })+
        }
    };
}
use on_both_stages;
