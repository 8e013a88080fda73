"""Pure numbers about councils. Knows no store, no platform and no clock; imports numpy."""
