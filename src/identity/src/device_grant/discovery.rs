//! The provider's metadata (OpenID Connect Discovery 1.0), which is cached for an hour.

use std::{
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::{Timestamp, fmt::rfc2822};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, DeviceAuthorizationUrl, DiscoveryError,
    HttpRequest, HttpResponse, IssuerUrl, JsonWebKeySet, ProviderMetadata, TokenUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
    http::header,
    url::Url,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::Instant};

use super::{
    super::{ClientAuth, Fault, Settings, Trouble},
    Link,
};
use web::Cause;

/// The part of the provider's metadata that the booth needs.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) issuer: IssuerUrl,
    pub(super) code_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) keys: JsonWebKeySet<CoreJsonWebKey>,
    fetched: Instant,
}

/// Entries that the library's type does not have.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct DeviceMetadata {
    /// The endpoint that issues codes (RFC 8628, section 4).
    device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    /// The endpoints for clients that authenticate with a certificate (RFC 8705, section 5).
    #[serde(default)]
    mtls_endpoint_aliases: Aliases,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
struct Aliases {
    device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    token_endpoint: Option<TokenUrl>,
}

impl AdditionalProviderMetadata for DeviceMetadata {}

type Metadata = ProviderMetadata<
    DeviceMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// How long metadata is cached. Endpoints and keys change a few times a year, and an hour is short enough to notice an
/// outage.
const KEPT: Duration = Duration::from_secs(3600);
/// The largest accepted difference to the provider's clock. ID Tokens live for five minutes or longer; a booth whose
/// clock differs by more than this will soon refuse valid ones.
const CLOCK_MAY_DIFFER: Duration = Duration::from_secs(60);

/// The cached metadata of the provider.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<Arc<Provider>>>);

impl Known {
    /// Returns the provider's metadata, and fetches it again when the cached one is old.
    pub(super) async fn provider(
        &self,
        settings: &Settings,
        link: &Arc<dyn Link>,
    ) -> Result<Arc<Provider>, Trouble> {
        let mut known = self.0.lock().await;
        if let Some(provider) = known
            .as_ref()
            .filter(|known| known.fetched.elapsed() < KEPT)
        {
            return Ok(provider.clone());
        }
        *known = None;
        let provider = Arc::new(discover(settings, link).await?);
        Ok(known.insert(provider).clone())
    }

    /// Fetches the provider's metadata now.
    pub(super) async fn renew(
        &self,
        settings: &Settings,
        link: &Arc<dyn Link>,
    ) -> Result<Arc<Provider>, Trouble> {
        self.forget().await;
        self.provider(settings, link).await
    }

    pub(super) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

async fn discover(settings: &Settings, link: &Arc<dyn Link>) -> Result<Provider, Trouble> {
    let issuer = &settings.issuer;
    let trouble = |fault, sentence| Trouble { fault, sentence };
    let url = IssuerUrl::new(issuer.clone()).map_err(|_| {
        trouble(
            Fault::NotAProvider,
            format!("identity.issuer \"{issuer}\" is no address."),
        )
    })?;
    let date = NotedDate::default();
    let link = Noting {
        link: link.clone(),
        date: date.clone(),
    };
    let metadata = Metadata::discover_async(url, &link)
        .await
        .map_err(|error| discovery_trouble(issuer, &error))?;
    let said = *date.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((theirs, ours)) = said
        && theirs.duration_since(ours).unsigned_abs() > CLOCK_MAY_DIFFER
    {
        let by = theirs.duration_since(ours);
        let way = if by.is_positive() {
            "behind"
        } else {
            "ahead of"
        };
        // The header has a resolution of a second and the answer takes some time, so the difference is given in
        // minutes.
        let minutes = (by.unsigned_abs().as_secs() + 30) / 60;
        return Err(trouble(
            Fault::ClockOff,
            format!(
                "This booth's clock is about {minutes} min {way} that of {issuer}: set it by NTP."
            ),
        ));
    }
    let endpoint = |url: Option<&Url>, what: &str| match url {
        Some(url) if settings.may_ask(url) => Ok(url.clone()),
        Some(_) => Err(trouble(
            Fault::NotAProvider,
            format!(
                "{issuer} names a {what} that is not an https address: ask the identity team to mend it."
            ),
        )),
        None => Err(trouble(
            Fault::NoDeviceGrant,
            format!(
                "{issuer} names no {what}: ask the identity team to switch on the device grant (RFC 8628)."
            ),
        )),
    };
    let more = metadata.additional_metadata();
    let alias = Some(&more.mtls_endpoint_aliases)
        .filter(|_| matches!(settings.client, ClientAuth::Mtls { .. }));
    let code = alias
        .and_then(|alias| alias.device_authorization_endpoint.as_ref())
        .or(more.device_authorization_endpoint.as_ref());
    let token = alias
        .and_then(|alias| alias.token_endpoint.as_ref())
        .or(metadata.token_endpoint());
    Ok(Provider {
        code_endpoint: endpoint(
            code.map(DeviceAuthorizationUrl::url),
            "device authorization endpoint",
        )?,
        token_endpoint: endpoint(token.map(TokenUrl::url), "token endpoint")?,
        issuer: metadata.issuer().clone(),
        keys: metadata.jwks().clone(),
        fetched: Instant::now(),
    })
}

/// The provider's time in the header of its first answer, and the booth's time at that moment.
type NotedDate = Arc<StdMutex<Option<(Timestamp, Timestamp)>>>;

/// An HTTP client as the library expects it, which also records the provider's time.
struct Noting {
    link: Arc<dyn Link>,
    date: NotedDate,
}

impl<'c> AsyncHttpClient<'c> for Noting {
    type Error = web::Error;
    type Future = BoxFuture<'static, Result<HttpResponse, web::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let (answer, date) = (self.link.call(request), self.date.clone());
        Box::pin(async move {
            let answer = answer.await?;
            let said = answer
                .headers()
                .get(header::DATE)
                .and_then(|value| value.to_str().ok())
                .and_then(|text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok());
            let mut date = date.lock().unwrap_or_else(PoisonError::into_inner);
            *date = date.or(said.map(|said| (said, Timestamp::now())));
            Ok(answer)
        })
    }
}

fn discovery_trouble(issuer: &str, error: &DiscoveryError<web::Error>) -> Trouble {
    let (fault, sentence) = match error {
        DiscoveryError::Request(error) => return link_trouble(issuer, error),
        DiscoveryError::Response(status, ..) if status.is_server_error() => (
            Fault::Unreachable,
            format!("{issuer} answers {status}: ask the identity team whether it is down."),
        ),
        DiscoveryError::Response(status, ..) => (
            Fault::NotAProvider,
            format!(
                "{issuer} answers {status} where its discovery document should be: check identity.issuer."
            ),
        ),
        DiscoveryError::Validation(_) => (
            Fault::NotAProvider,
            format!(
                "the server at {issuer} calls itself another issuer: write identity.issuer exactly as its discovery \
                 document does."
            ),
        ),
        _ => (
            Fault::NotAProvider,
            format!("{issuer} answers, but not with a discovery document: check identity.issuer."),
        ),
    };
    Trouble { fault, sentence }
}

pub(super) fn link_trouble(issuer: &str, error: &web::Error) -> Trouble {
    let clause = error.clause();
    let (fault, remedy) = match error.cause() {
        Cause::Certificate => (
            Fault::Certificate,
            "name its certificate authority in identity.ca, or have the certificate mended",
        ),
        Cause::CertificateTime => (
            Fault::Certificate,
            "check this booth's clock first, then the certificate",
        ),
        Cause::Broken => (Fault::NotAProvider, "check identity.issuer"),
        _ => (
            Fault::Unreachable,
            "check the network, the firewall and identity.issuer",
        ),
    };
    Trouble {
        fault,
        sentence: format!("{issuer} {clause}: {remedy}."),
    }
}
