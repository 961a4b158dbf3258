//! Downloads of the audit log. They stream from one snapshot, so the memory that they need does not grow with the log.

use super::{AuditFilter, AuditPage, WrongFilters};
use crate::{
    actions::audit::{self, NotExported, UnknownName},
    causes::chain,
    store::audit::{
        BrokenChain,
        export::{Export, FilterKind, Format},
    },
    web::{Failure, SignedIn, State, html::Html},
    words,
};
use axum::{
    Form,
    body::Body,
    extract::State as Extract,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Each export holds a database connection while its client reads: the other connections are left to pages.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExportForm {
    format: String,
    actor: String,
    person: String,
    cluster: String,
    action: String,
    from: String,
    to: String,
}

/// `POST /audit/export`: a file of the events that match the filters; the export is itself an event of the log. 422
/// with a sentence at each filter that nothing can match, 409 if the chain does not verify, 404 for everyone except
/// auditors.
pub async fn send(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Form(form): Form<ExportForm>,
) -> Result<Response, Failure> {
    signed_in.auditor()?;
    let format = Format::parse(&form.format)
        .ok_or_else(|| Failure::Malformed("Choose to export as JSONL or as CSV.".to_owned()))?;
    let ExportForm { actor, person, cluster, action, from, to, .. } = form;
    let filter = AuditFilter { actor, person, cluster, action, from, to, after: String::new() };
    let (wanted, errors) = filter.wanted();
    if !errors.is_empty() {
        return AuditPage::refused(&state, &signed_in, filter, (errors, NOT_EXPORTED)).await;
    }
    let Ok(turn) = AT_ONCE.try_acquire() else {
        return Err(Failure::Unavailable("Two exports are under way. Try again once one of them is done.".to_owned()));
    };
    let export = match audit::export(&state.store, &signed_in.visitor, &wanted, format).await {
        Ok(export) => export,
        Err(NotExported::NotFound) => return Err(Failure::NotFound),
        Err(NotExported::Unknown(names)) => {
            let errors = names.iter().map(wrong).collect();
            return AuditPage::refused(&state, &signed_in, filter, (errors, NOT_EXPORTED)).await;
        }
        Err(NotExported::Broken(broken)) => {
            let errors = (vec![("chain", no_export(&broken))], NOT_EXPORTED);
            let page = AuditPage::refused(&state, &signed_in, filter, errors).await?;
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
        Err(NotExported::Policy(error)) => return Err(error.into()),
        Err(NotExported::Store(error)) => return Err(error.into()),
    };
    let name = format!(
        "attachment; filename=\"latchkey-audit-{}-{}.{}\"",
        export.header().last,
        signed_in.clock.now.strftime("%Y%m%d"),
        format.as_str()
    );
    let kind = match format {
        Format::Jsonl => "application/x-ndjson; charset=utf-8",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, body(export, turn)).into_response())
}

const NOT_EXPORTED: &str = "Not exported";

/// The sentence for an unknown name, at its field.
pub(super) fn wrong(unknown: &UnknownName) -> WrongFilters {
    let field = match unknown.named {
        FilterKind::Person => "person",
        FilterKind::Actor => "actor",
        FilterKind::Cluster => "cluster",
        FilterKind::Action => "action",
    };
    (field, Html::prose(&words::audit::unknown(&unknown.what(), unknown.near.as_deref())))
}

/// The sentence that is shown instead of a file if the chain is broken.
fn no_export(broken: &BrokenChain) -> Html {
    Html::prose(&format!(
        "Nothing was exported: {broken}. Run `latchkey audit verify` and compare with your own copies; what operators \
         do then is in docs/operating.md, \"The audit chain is broken\"."
    ))
}

/// The parts of an export as they are read. If a read fails, the connection is ended, so that no browser takes the file
/// for complete.
fn body(export: Export, turn: SemaphorePermit<'static>) -> Body {
    Body::from_stream(stream::try_unfold((export, turn), |(mut export, turn)| async move {
        match export.part().await {
            Ok(Some(part)) => Ok(Some((part, (export, turn)))),
            Ok(None) => Ok(None),
            Err(error) => {
                tracing::error!(error = %chain(&error), "an export of the audit log broke off");
                Err(error)
            }
        }
    }))
}
