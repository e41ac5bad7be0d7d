"""The gate's screen: what it shows (views), what may be pressed on it (deeds), and its page (routes)."""
