//! A webcam: live preview frames and one still
