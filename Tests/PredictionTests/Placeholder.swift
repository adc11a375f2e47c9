// Laid with the package; its tests follow.
