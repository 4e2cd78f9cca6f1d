//! The text of the codes on a site's cards, in the form that the configuration names.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use jiff::{Timestamp, tz::TimeZone};

use common::KeyError;

use super::{
    CardContent, Code, Form,
    credential::Credential,
    keys::{CodeKey, PublicKeys, Signer, TEST_KEY},
    qr,
    revocation::Revocations,
    verify::{Verdict, Verifier, address},
};
use common::order::Serial;

/// Why a card has no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the portal signs this site's codes: its signature must be asked for first")]
    AskPortal,
    #[error(transparent)]
    Date(#[from] super::credential::DateOutOfRange),
    #[error("card.kinds.{0} has no number for the code: add code = 1 to 255")]
    Kind(String),
    #[error("card.code.esc is missing: name server and pic")]
    Esc,
    #[error("the portal's signature is none of a key of this site")]
    Signature,
}

/// Creates and reads the site's codes.
#[derive(Debug)]
pub(super) struct Coder {
    settings: Code,
    site: PathBuf,
    public: PublicKeys,
    /// The key is loaded when the first card is drawn, because checking a configuration needs no key.
    signer: OnceLock<Result<Option<Signer>, KeyError>>,
}

impl Coder {
    pub(super) fn new(settings: &Code, site: &Path, public: PublicKeys) -> Self {
        Self {
            settings: settings.clone(),
            site: site.to_owned(),
            public,
            signer: OnceLock::new(),
        }
    }

    /// Returns the signing key, or `None` when the portal signs or when nothing is signed.
    pub(super) fn signer(&self) -> Result<Option<&Signer>, KeyError> {
        let Some(source) = &self.settings.key else {
            return Ok(None);
        };
        let loaded = self.signer.get_or_init(|| {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
            let id = self.settings.key_id.unwrap_or(TEST_KEY);
            Signer::load(source, id, &self.site, folder.as_deref())
        });
        loaded.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// Returns what the portal must sign for this card, or `None` when the booth signs or nothing is signed.
    pub(super) fn asked(
        &self,
        content: &CardContent,
        kind: Option<u8>,
    ) -> Result<Option<Credential>, CodeError> {
        if self.settings.key != Some(CodeKey::Portal) || !self.writes(Form::Signed) {
            return Ok(None);
        }
        self.credential(content, kind, self.settings.key_id.unwrap_or(TEST_KEY))
            .map(Some)
    }

    /// Returns the text of the code with the portal's signature. The signature is refused when it does not match the
    /// site's public keys, because no verifier would accept it either.
    pub(super) fn signed_elsewhere(
        &self,
        credential: &Credential,
        signature: &[u8; 64],
    ) -> Result<String, CodeError> {
        let letters = credential.with_signature(signature)?;
        let believed = Credential::read(&letters).is_ok_and(|signed| {
            self.public
                .get(credential.key)
                .is_some_and(|key| signed.is_by(key))
        });
        if !believed {
            return Err(CodeError::Signature);
        }
        Ok(address(&self.settings.host) + &letters)
    }

    /// Returns the text of a code of this form for this card.
    pub(super) fn text(
        &self,
        form: Form,
        content: &CardContent,
        kind: Option<u8>,
    ) -> Result<String, CodeError> {
        let start = address(&self.settings.host);
        match form {
            Form::Opaque => Ok(start + &common::base32::encode(&content.serial.0)),
            Form::Esc => {
                let issuer = self.settings.esc.as_ref().ok_or(CodeError::Esc)?;
                Ok(issuer.text(content.serial))
            }
            Form::Signed => {
                let signer = self.signer()?.ok_or(CodeError::AskPortal)?;
                let credential = self.credential(content, kind, signer.id)?;
                Ok(start + &credential.sign(signer.key())?)
            }
        }
    }

    /// Returns a code like [`Self::text`] for a picture of a card. Its signature is not valid.
    pub(super) fn specimen(
        &self,
        form: Form,
        content: &CardContent,
        kind: Option<u8>,
    ) -> Result<String, CodeError> {
        if form != Form::Signed {
            return self.text(form, content, kind);
        }
        let signer = Signer::random(u16::MAX);
        let credential = self.credential(content, kind, signer.id)?;
        Ok(address(&self.settings.host) + &credential.sign(signer.key())?)
    }

    /// Returns what the portal must sign when the portal signs. It contains the number of the key that the portal uses.
    pub(super) fn credential(
        &self,
        content: &CardContent,
        kind: Option<u8>,
        key: u16,
    ) -> Result<Credential, CodeError> {
        let kind = kind.ok_or_else(|| CodeError::Kind(content.kind.0.clone()))?;
        Ok(Credential {
            key,
            serial: content.serial,
            kind,
            valid_through: content.valid_through,
            issue: content.issue,
        })
    }

    /// Returns the size of the QR code for this form.
    pub(super) fn size(form: Form) -> qr::Size {
        match form {
            Form::Opaque => qr::Size::Opaque,
            Form::Signed => qr::Size::Signed,
            Form::Esc => qr::Size::Esc,
        }
    }

    /// Returns a verifier that accepts the site's public keys and the booth's own key.
    pub(super) fn verifier(&self, revocations: Option<Revocations>, zone: TimeZone) -> Verifier {
        let mut keys = self.public.clone();
        if let Ok(Some(signer)) = self.signer()
            && signer.id != TEST_KEY
        {
            keys.0.entry(signer.id).or_insert_with(|| signer.public());
        }
        Verifier {
            host: self.settings.host.clone(),
            keys,
            revocations,
            zone,
            test: self.settings.key == Some(CodeKey::Test),
        }
    }

    fn writes(&self, form: Form) -> bool {
        self.settings.form == form || self.settings.back == Some(form)
    }

    /// Returns the serial of one of this site's cards. If the code is signed, the signature is checked.
    pub(super) fn serial_in(&self, text: &str) -> Option<Serial> {
        if let Some(issuer) = &self.settings.esc
            && let Some(serial) = issuer.serial_in(text)
        {
            return Some(serial);
        }
        // The expiry date does not matter here, so any time will do.
        match self
            .verifier(None, TimeZone::UTC)
            .verify(text, Timestamp::UNIX_EPOCH)
        {
            Verdict::Valid(found) | Verdict::Expired(found) | Verdict::Revoked(found) => {
                Some(found.serial)
            }
            // A site that signs its cards issues no unsigned ones, so an unsigned code is not from this site.
            Verdict::Opaque(serial) => self.writes(Form::Opaque).then_some(serial),
            Verdict::Forged | Verdict::NotOurs(_) => None,
        }
    }
}
