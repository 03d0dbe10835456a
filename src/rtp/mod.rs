//! RTP packets and telephone-events.
