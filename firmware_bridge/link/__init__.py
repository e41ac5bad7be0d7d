"""The host's end of the door controller's link: frames, session, conversation, line. See mcu/PROTOCOL.md."""
