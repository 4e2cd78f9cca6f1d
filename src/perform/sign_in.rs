//! The visitor's sign-in: the identity provider tells who the person is, and the portal which cards they may have.

use std::sync::Arc;

use futures::{StreamExt, stream, stream::BoxStream};
use jiff::Timestamp;

use super::resume::resume;
use crate::booth::Parts;
use common::sign_in::{Failure, Password};
use identity::{Grant, Step};
use portal::Lookup;
use session::{
    Event,
    sign_in::{Login, Progress},
};

pub(super) fn by_phone(parts: Arc<Parts>) -> BoxStream<'static, Event> {
    let steps = parts.identity.begin();
    steps
        .flat_map(move |step| match step {
            Step::CodeReady(code) => told(Progress::CodeReady(code)),
            Step::Failed(failure) => told(Progress::Failed(failure)),
            Step::Approved(grant) => {
                let looked_up = look_up(parts.clone(), grant);
                stream::iter([Event::SignIn(Progress::Approved)])
                    .chain(stream::once(looked_up))
                    .boxed()
            }
        })
        .boxed()
}

pub(super) fn by_password(parts: Arc<Parts>, password: Password) -> BoxStream<'static, Event> {
    let checked = async move {
        match parts.identity.check_password(password).await {
            Step::Approved(grant) => look_up(parts, grant).await,
            Step::Failed(failure) => Event::SignIn(Progress::Failed(failure)),
            Step::CodeReady(_) => Event::SignIn(Progress::Failed(Failure::Refused)),
        }
    };
    stream::once(checked).boxed()
}

fn told(progress: Progress) -> BoxStream<'static, Event> {
    stream::iter([Event::SignIn(progress)]).boxed()
}

/// Asks the portal which cards the person may have. The access token is used once, here, and dropped.
async fn look_up(parts: Arc<Parts>, grant: Grant) -> Event {
    let Grant {
        access_token,
        method,
        claims,
    } = grant;
    let found = match &access_token {
        Some(token) => parts.portal.holder(token).await,
        None => parts.portal.holder_named(&claims.subject, None).await,
    };
    drop(access_token);
    let failed = |failure| Event::SignIn(Progress::Failed(failure));
    let mut holder = match found {
        Ok(Lookup::Found(mut holder)) => {
            // The provider is trusted for who the person is, the portal only for what they may have.
            if holder.subject != claims.subject {
                tracing::error!(
                    "the portal answered for another person than the one who signed in"
                );
                return failed(Failure::NotBelieved);
            }
            holder.idp = claims.issuer;
            if !claims.assurance.is_empty() {
                holder.assurance = claims.assurance;
            }
            *holder
        }
        answer => match (refused(answer), parts.config.review()) {
            (Some(Failure::PortalDown), Some(review)) if parts.rules.needs.without_portal => {
                review.holder(claims, Timestamp::now())
            }
            (failure, _) => return failed(failure.unwrap_or(Failure::Unknown)),
        },
    };
    let login = Login {
        method,
        staff: None,
    };
    let resumed = resume(&parts, &mut holder).await;
    Event::SignIn(Progress::SignedIn {
        holder: Arc::new(holder),
        login,
        resumed,
    })
}

/// The failure that the portal's answer means; `None` if it found the person.
pub(super) fn refused(answer: Result<Lookup, portal::Error>) -> Option<Failure> {
    match answer {
        Ok(Lookup::Found(_)) => None,
        Ok(Lookup::NotKnown(_)) => Some(Failure::Unknown),
        Ok(Lookup::NotBelieved) => Some(Failure::NotBelieved),
        Err(error) => {
            tracing::warn!("the portal was asked for a person: {error}");
            Some(Failure::PortalDown)
        }
    }
}
