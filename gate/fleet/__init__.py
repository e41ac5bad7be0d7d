"""An estate of many gates: the consumer that hears them, and a fleet of made-up ones to measure a broker with."""
