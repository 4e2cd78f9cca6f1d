use super::*;

#[test]
fn bits_of_a_word_do_not_overlap() {
    for (index, bit) in Bit::ALL.iter().enumerate() {
        let (word, mask) = bit.place();
        assert_eq!(mask.count_ones(), 1, "{bit:?}");
        assert!(
            Bit::ALL[..index]
                .iter()
                .all(|other| other.place() != (word, mask)),
            "{bit:?}"
        );
    }
}

#[test]
fn states_become_faults_errors_first() {
    let mut state = State::default();
    assert_eq!(state.faults(), []);
    for bit in [
        Bit::RibbonLow,
        Bit::CoverOpen,
        Bit::Mechanical,
        Bit::HeadCooling,
        Bit::HeadTemperature,
        Bit::Busy,
    ] {
        state.set(bit);
    }
    assert_eq!(
        state.faults(),
        [
            Fault::HeadTooHot,
            Fault::CardJam,
            Fault::CoverOpen,
            Fault::RibbonLow
        ]
    );
    state.clear(Bit::Mechanical);
    assert!(!state.has(Bit::Mechanical) && state.has(Bit::Busy));
}
