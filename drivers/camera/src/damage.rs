//! Why bytes from a camera are not a whole picture.

/// No webcam delivers more pixels a side; a larger size in a JPEG header is damage, not a picture.
pub(crate) const MAX_SIDE: u32 = 8192;

/// Why bytes are no whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The marker that begins a JPEG is missing.
    #[error("it does not begin as a JPEG")]
    NoStart,
    /// The end is missing.
    #[error("it ends in the middle")]
    Truncated,
    /// The sizes and tables contradict each other or the standard.
    #[error("its header makes no sense")]
    Header,
    /// There are markers and no picture.
    #[error("it has no picture in it")]
    NoPicture,
    /// The compressed pixels cannot be decoded, or the system has marked them as damaged.
    #[error("its picture data are damaged")]
    Data,
}
