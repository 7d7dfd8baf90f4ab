"""Whether the machine runs on its battery: then nothing is computed that nobody has asked for."""


def on_battery() -> bool:
    """False where there is no battery, or no way to know. The first call imports psutil: not for the event loop."""
    import psutil  # noqa: PLC0415 - 70 ms that a start need not wait for

    sensors_battery = getattr(psutil, "sensors_battery", None)  # missing on some platforms
    battery = sensors_battery() if sensors_battery is not None else None
    return battery is not None and battery.power_plugged is False
