"""Signals by MQTT 3.1.1, from any broker: ``Door`` subscribes, stores, and acknowledges what is stored.

A topic is ``signals/UNIT/NAME`` and up to two levels more, for people who look at the broker; UNIT/NAME is the source,
and has to be known (``bihuan signals source add``). A payload is what ``POST /api/v1/signals`` takes: one reading or an
array of readings.
"""

from bihuan.adapters.mqtt.door import Address, Door

__all__ = ["Address", "Door"]
