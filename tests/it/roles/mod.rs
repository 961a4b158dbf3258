//! What the database itself allows each role, value by value, to any client with its password: to the web's role, to
//! the worker's, and to a third one that was given the web's rights.

mod events;
mod legs;
mod values;

use crate::town::Town;
use latchkey::store::{
    Store,
    rights::{Rights, beyond, granted, held},
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// A role of another name with the web's rights, each given to it by hand.
async fn copied(town: &Town) -> Store {
    let name = format!("copied_{}", Uuid::now_v7().simple());
    let tables = held(town.owner.pool(), "latchkey_web").await.unwrap().tables;
    let rights = beyond(&granted("latchkey_web", &tables), &Rights::new());
    let mut statements = format!("create role {name} login; grant usage on schema public to {name};");
    for right in rights {
        statements.extend(["grant ", right.as_str(), " to ", name.as_str(), ";"]);
    }
    let database = town.text("select current_database()::text").await;
    for setting in latchkey::store::session::statements(&name, &database, "public", false) {
        statements.extend([setting.as_str(), ";"]);
    }
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(town.owner.pool()).await.unwrap();
    Store::connect(&town.database.url_as(&name).parse().unwrap(), 2)
}

/// The SQLSTATE with which a statement is refused, and what the database says.
async fn refused(store: &Store, statement: &str) -> (String, String) {
    let mut tx = store.pool().begin().await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await;
    let done = match done {
        // Checks at the end of the transaction refuse there.
        Ok(_) => tx.commit().await,
        Err(error) => Err(error),
    };
    let error = done.expect_err(statement);
    let error = error.as_database_error().unwrap_or_else(|| panic!("{statement}: {error}"));
    (error.code().unwrap_or_default().into_owned(), error.to_string())
}

/// Each statement is refused because the role has no right to it.
async fn denied(store: &Store, statements: &[&str]) {
    for statement in statements {
        let (code, said) = refused(store, statement).await;
        assert_eq!(code, "42501", "{statement}: {said}");
    }
}

/// Each statement succeeds, and is rolled back.
async fn allowed(store: &Store, statements: &[&str]) {
    for statement in statements {
        let mut tx = store.pool().begin().await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut *tx).await;
        if let Err(error) = done {
            panic!("{statement}: {error}");
        }
        tx.rollback().await.unwrap();
    }
}
