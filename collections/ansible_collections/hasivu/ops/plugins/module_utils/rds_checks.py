# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a database can be restored now: decisions on what db_instance_info has read. Unknown is never ok."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import is_ours, moment

Fields = dict[str, Any]
FEWEST_ADDRESSES = 2
ENABLED = "Enabled"


def checks(facts: Fields, target_id: str | None, restore_time: str | None, run_id: str | None) -> list[Fields]:
    """Return each check with C(name), C(ok), C(what) and C(detail)."""
    found = [
        key_check(facts),
        quota_check(facts, "DBInstances", 1, "instances"),
        quota_check(facts, "AllocatedStorage", storage_of(facts), "GiB of storage"),
        address_check(facts),
        group_check(facts),
        backup_check(facts),
    ]
    if target_id:
        found.append(name_check(facts, target_id, run_id))
    if restore_time:
        found.append(moment_check(facts["window"], restore_time))
    return found


def check(name: str, ok: bool, what: str, detail: str = "") -> Fields:
    """Return one check."""
    return {"name": name, "ok": ok, "what": what, "detail": detail}


def storage_of(facts: Fields) -> int:
    """Return the storage that the new instance takes."""
    return int((facts["source"] or {}).get("AllocatedStorage") or 0)


def key_check(facts: Fields) -> Fields:
    """Check that the key of the storage is enabled."""
    name = "key_enabled"
    if not (facts["source"] or {}).get("KmsKeyId"):
        known = bool(facts["source"])
        return check(name, known, "The storage is not encrypted." if known else "Whether there is a key is not known.")
    state = (facts["kms_key"] or {}).get("state", "unknown")
    advice = "" if state == ENABLED else "Enable the key, or cancel its deletion: without it no backup can be read."
    return check(name, state == ENABLED, f"The key of the storage is {state}.", advice)


def quota_check(facts: Fields, quota: str, needed: int, unit: str) -> Fields:
    """Check that a quota of RDS has room for the new instance."""
    name = f"quota_{quota}"
    found = (facts["quotas"] or {}).get(quota)
    if found is None:
        return check(name, False, f"The quota of {unit} is not known.", "Mend the access to AWS, then ask again.")
    ok = found["free"] >= needed
    what = f"{found['free']} of {found['max']} {unit} are free, {needed} are needed."
    return check(name, ok, what, "" if ok else "Delete what nobody needs, or ask AWS to raise the quota.")


def address_check(facts: Fields) -> Fields:
    """Check that the subnets have addresses left."""
    if facts["subnets"] is None:
        return check("subnet_addresses", False, "The free addresses of the subnets are not known.")
    poor = [one["id"] for one in facts["subnets"] if one["free_addresses"] < FEWEST_ADDRESSES]
    what = f"{', '.join(poor)} has too few free addresses." if poor else "Each subnet has free addresses."
    return check("subnet_addresses", not poor, what, "Free addresses, or take another subnet group." if poor else "")


def group_check(facts: Fields) -> Fields:
    """Check that parameter and option group are there, and fit the engine."""
    source, group = facts["source"] or {}, facts["parameter_group"]
    if group is None or facts["option_group"] is None:
        missing = "parameter group" if group is None else "option group"
        return check("groups", False, f"The {missing} could not be read.", "Make it again, or name another one.")
    family = f"{source.get('Engine')}{str(source.get('EngineVersion', '')).split('.')[0]}"
    ok = group["family"] == family
    return check(
        "groups", ok, f"The parameter group {group['name']} is of family {group['family']}, needed is {family}."
    )


def backup_check(facts: Fields) -> Fields:
    """Check that there is something to restore from at all."""
    usable = [one for one in facts["snapshots"] or [] if one["status"] == "available"]
    latest = facts["window"]["latest"]
    unknown = facts["snapshots"] is None or facts["backups"] is None
    what = f"{len(usable)} snapshots are available, point in time up to {latest or 'no moment'}."
    return check("backups", bool(usable or latest), what, "Not everything could be read." if unknown else "")


def name_check(facts: Fields, target_id: str, run_id: str | None) -> Fields:
    """Check that the name of the new instance is free, or taken by this run."""
    taken = facts["target"]
    if taken is None:
        unknown = any(one["what"].startswith(f"The name {target_id}") for one in facts["findings"])
        return check("name_free", not unknown, f"{target_id} is {'not known to be ' if unknown else ''}free.")
    ours = bool(run_id) and is_ours(taken, str(run_id))
    what = f"{target_id} exists and {'bears' if ours else 'does not bear'} the tag of this run."
    return check("name_free", ours, what, "" if ours else "Choose another identifier.")


def moment_check(window: Fields, restore_time: str) -> Fields:
    """Check that the moment to restore to lies in the window of point-in-time restore."""
    if not window["latest"] or not window["earliest"]:
        return check("restore_time", False, "There is no window of point-in-time restore.", "Restore from a snapshot.")
    ok = moment(window["earliest"]) <= moment(restore_time) <= moment(window["latest"])
    what = f"{restore_time} is {'within' if ok else 'outside of'} {window['earliest']} to {window['latest']}."
    return check("restore_time", ok, what, "" if ok else "Choose a moment in between, or restore from a snapshot.")
