// Laid with the package; its files follow.
