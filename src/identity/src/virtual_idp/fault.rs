/// A fault that can be injected into the virtual provider. The test panel shows this list, so a new entry appears there
/// automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Every endpoint answers 500.
    ServerError,
    /// No endpoint answers at all.
    Hang,
    /// The answer is JSON that ends too early.
    HalfAnswer,
    /// The answer is not JSON.
    Rubbish,
    /// The answer has megabytes.
    Huge,
    /// The answer is a redirect to another address.
    Redirect,
    /// The token endpoint answers slow_down.
    SlowDown,
    /// The code endpoint names no interval.
    NoInterval,
    /// The code endpoint gives no address with the code in it.
    NoCompleteAddress,
    /// A code lives for one second.
    ShortLife,
    /// The device grant is not in the discovery document.
    NoDeviceGrant,
    /// The device grant is in the discovery document, but the provider refuses it.
    DeviceGrantRefused,
    /// The provider does not know the client.
    ClientRefused,
    /// The discovery document names another issuer.
    OtherIssuer,
    /// The provider's clock is an hour ahead.
    ClockAhead,
    /// The provider's clock is an hour behind.
    ClockBehind,
    /// The answer has an access token but no ID Token.
    NoIdToken,
    /// The ID Token is signed with another key but names the provider's key.
    WrongSignature,
    /// The ID Token is not signed at all.
    Unsigned,
    /// The ID Token is for another client.
    WrongAudience,
    /// The ID Token names another issuer.
    WrongIssuer,
    /// The ID Token has a nonce.
    Nonce,
    /// The ID Token belongs to another access token.
    OtherAccessToken,
}

impl Fault {
    pub const ALL: [Self; 23] = [
        Self::ServerError,
        Self::Hang,
        Self::HalfAnswer,
        Self::Rubbish,
        Self::Huge,
        Self::Redirect,
        Self::SlowDown,
        Self::NoInterval,
        Self::NoCompleteAddress,
        Self::ShortLife,
        Self::NoDeviceGrant,
        Self::DeviceGrantRefused,
        Self::ClientRefused,
        Self::OtherIssuer,
        Self::ClockAhead,
        Self::ClockBehind,
        Self::NoIdToken,
        Self::WrongSignature,
        Self::Unsigned,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::Nonce,
        Self::OtherAccessToken,
    ];

    /// Returns the stable name in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServerError => "server-error",
            Self::Hang => "hang",
            Self::HalfAnswer => "half-answer",
            Self::Rubbish => "rubbish",
            Self::Huge => "huge",
            Self::Redirect => "redirect",
            Self::SlowDown => "slow-down",
            Self::NoInterval => "no-interval",
            Self::NoCompleteAddress => "no-complete-address",
            Self::ShortLife => "short-life",
            Self::NoDeviceGrant => "no-device-grant",
            Self::DeviceGrantRefused => "device-grant-refused",
            Self::ClientRefused => "client-refused",
            Self::OtherIssuer => "other-issuer",
            Self::ClockAhead => "clock-ahead",
            Self::ClockBehind => "clock-behind",
            Self::NoIdToken => "no-id-token",
            Self::WrongSignature => "wrong-signature",
            Self::Unsigned => "unsigned",
            Self::WrongAudience => "wrong-audience",
            Self::WrongIssuer => "wrong-issuer",
            Self::Nonce => "nonce",
            Self::OtherAccessToken => "other-access-token",
        }
    }

    /// Whether the fault affects every endpoint.
    pub(super) fn is_general(self) -> bool {
        matches!(
            self,
            Self::ServerError
                | Self::Hang
                | Self::HalfAnswer
                | Self::Rubbish
                | Self::Huge
                | Self::Redirect
        )
    }
}
