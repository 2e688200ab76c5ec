"""The controllers: each brings what is nearer to what is wanted, one step at a time."""
