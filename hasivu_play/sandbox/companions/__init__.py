"""The few endpoints of PagerDuty, Razorpay and Grafana that procedures call, in one process with three prefixes."""
