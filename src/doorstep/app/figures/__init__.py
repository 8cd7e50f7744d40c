"""What many parcels tell together: times, promises kept, suppliers, estimates."""
