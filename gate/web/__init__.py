"""The local pages: server-rendered, served by the device itself, readable without JavaScript."""
