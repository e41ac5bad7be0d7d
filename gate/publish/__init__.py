"""What leaves the device: closed message schemas and the MQTT client that carries them."""
