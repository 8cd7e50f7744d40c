"""Carriers are asked where parcels are: when it is time, or because somebody wants to know now."""
