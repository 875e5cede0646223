//! Where a device's language is at home: a member's clock and language mostly agree.
//!
//! Advice and no rule: people travel, and an account has the zone that it has. A region that is not
//! listed agrees with every zone.

use super::Device;

/// Regions and their zones; one that ends in `/` stands for all below it.
const PLACES: [(&str, &[&str]); 20] = [
    ("AT", &["Europe/Vienna"]),
    ("AU", &["Australia/"]),
    ("BR", &["America/Sao_Paulo", "America/Bahia", "America/Fortaleza", "America/Manaus"]),
    ("CA", &["America/Toronto", "America/Vancouver", "America/Edmonton", "America/Halifax"]),
    ("CH", &["Europe/Zurich"]),
    ("DE", &["Europe/Berlin", "Europe/Busingen"]),
    ("ES", &["Europe/Madrid", "Atlantic/Canary", "Africa/Ceuta"]),
    ("FR", &["Europe/Paris"]),
    ("GB", &["Europe/London"]),
    ("IN", &["Asia/Kolkata", "Asia/Calcutta"]),
    ("IT", &["Europe/Rome"]),
    ("JP", &["Asia/Tokyo"]),
    ("KR", &["Asia/Seoul"]),
    ("MX", &["America/Mexico_City", "America/Monterrey", "America/Tijuana", "America/Cancun"]),
    ("NL", &["Europe/Amsterdam"]),
    ("PL", &["Europe/Warsaw"]),
    ("PT", &["Europe/Lisbon", "Atlantic/Azores", "Atlantic/Madeira"]),
    ("SE", &["Europe/Stockholm"]),
    ("TR", &["Europe/Istanbul"]),
    (
        "US",
        &[
            "America/New_York",
            "America/Chicago",
            "America/Denver",
            "America/Los_Angeles",
            "America/Phoenix",
            "America/Detroit",
            "America/Anchorage",
            "America/Indiana/",
            "Pacific/Honolulu",
        ],
    ),
];

impl Device {
    /// The zones that would agree with its first language, if `zone` does not.
    pub fn strange_in(&self, zone: &str) -> Option<&'static [&'static str]> {
        let tag = self.languages.first()?;
        let region = tag.split('-').skip(1).find(|part| part.len() == 2)?;
        let (_, zones) = PLACES.iter().find(|(known, _)| *known == region)?;
        let agrees = zones
            .iter()
            .any(|known| *known == zone || (known.ends_with('/') && zone.starts_with(known)));
        (!agrees).then_some(*zones)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::phone;

    #[test]
    fn a_clock_far_from_a_devices_language_is_noticed() {
        let german = phone();
        assert_eq!(german.strange_in("Europe/Berlin"), None);
        assert!(german.strange_in("America/Denver").unwrap().contains(&"Europe/Berlin"));
        let with = |tag: &str| super::Device { languages: vec![tag.to_owned()], ..phone() };
        assert_eq!(with("en-AU").strange_in("Australia/Perth"), None);
        assert_eq!(with("is-IS").strange_in("Asia/Tokyo"), None, "no zones are known of it");
        assert_eq!(with("de").strange_in("Asia/Tokyo"), None, "it says no region");
    }
}
