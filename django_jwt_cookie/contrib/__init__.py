"""For other packages, one module each; the module alone imports the package it is named after."""
