//! The networks from which this booth may sign people in (RFC 10027, section 6.1: trusted networks).
//!
//! The relevant address is the one from which the booth would reach the provider. On a booth with several addresses,
//! only that one says which network a sign-in comes from. The system reports it without sending anything.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use tokio::net::{UdpSocket, lookup_host};

use super::{Fault, Trouble};

/// An address and the number of its leading bits that count, as in `192.0.2.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no network")]
pub(super) struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;
    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| NoNetwork)?,
            None => most,
        };
        if bits > most {
            return Err(NoNetwork);
        }
        Ok(Self { address, bits })
    }
}

impl Network {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let first = |bits: u128, width: u8| match self.bits {
            0 => 0,
            // Both are at most `width`, the number of bits in the address.
            count => bits >> (width - count),
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                first(u32::from(ours).into(), 32) == first(u32::from(theirs).into(), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                first(ours.into(), 128) == first(theirs.into(), 128)
            }
            _ => false,
        }
    }
}

/// The allowed networks of a site and the address of its provider.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    pub(super) networks: Vec<Network>,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Allowed {
    /// Checks that the booth may sign people in from its current network. A site that names no networks allows all.
    pub(super) async fn check(&self) -> Result<(), Trouble> {
        if self.networks.is_empty() {
            return Ok(());
        }
        let Some(address) = self.own_address().await else {
            return Err(Trouble {
                fault: Fault::Unreachable,
                sentence: format!(
                    "No way leads to {}: check the network and identity.issuer.",
                    self.host
                ),
            });
        };
        if self.networks.iter().any(|known| known.contains(address)) {
            return Ok(());
        }
        Err(Trouble {
            fault: Fault::OtherNetwork,
            sentence: format!(
                "This booth is at {address}, which is in no network of identity.networks: plug it in where it belongs, or \
                 add its network."
            ),
        })
    }

    /// Returns the address from which this machine would reach the provider.
    async fn own_address(&self) -> Option<IpAddr> {
        for provider in lookup_host((self.host.as_str(), self.port)).await.ok()? {
            let any: IpAddr = match provider {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            let Ok(socket) = UdpSocket::bind((any, 0)).await else {
                continue;
            };
            // Connecting a datagram socket selects the route and sends nothing.
            if socket.connect(provider).await.is_ok()
                && let Ok(own) = socket.local_addr()
            {
                return Some(own.ip());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_network_contains_exactly_its_own_addresses() {
        for (network, address, holds) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.77/24", "192.0.2.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            // This is an IPv4 address in its IPv6-mapped form.
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                holds,
                "{network:?} {address}"
            );
        }
        for wrong in [
            "",
            "campus",
            "192.0.2.0/33",
            "192.0.2/24",
            "::/129",
            "192.0.2.0/x",
        ] {
            assert_eq!(wrong.parse::<Network>(), Err(NoNetwork), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_route_to_the_provider_selects_the_booths_network() {
        let check = async |networks: &[&str]| {
            let allowed = Allowed {
                networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
                host: "127.0.0.1".to_owned(),
                port: 9,
            };
            allowed.check().await.err().map(|trouble| trouble.fault)
        };
        assert_eq!(check(&[]).await, None);
        assert_eq!(check(&["127.0.0.0/8"]).await, None);
        assert_eq!(check(&["192.0.2.0/24", "127.0.0.1"]).await, None);
        assert_eq!(check(&["192.0.2.0/24"]).await, Some(Fault::OtherNetwork));
    }
}
