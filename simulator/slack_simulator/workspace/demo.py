"""A small workspace to look around in, with a person and a channel of each kind."""

from slack_simulator.workspace.spec import Channel, Person, UserGroup, WorkspaceSpec


def demo_spec() -> WorkspaceSpec:
    """A small workspace to look around in: a person of each kind, channels of each kind, one app."""
    people = (
        Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
        Person("bob", "U0BOB", "Bob Baker", "bob@example.com", is_admin=True),
        Person("carol", "U0CAROL", "Carol Cole", "carol@example.com"),
        Person("olive", "U0OLIVE", "Olive Owner", "olive@example.com", is_owner=True, is_primary_owner=True),
        Person("gina", "U0GINA", "Gina Guest", "gina@agency.example", is_restricted=True),
        Person("uli", "U0ULI", "Uli Ultra", "uli@agency.example", is_ultra_restricted=True),
        Person("nora", "U0NORA", "Nora New", "nora@example.com", is_email_confirmed=False),
        Person("dora", "U0DORA", "Dora Departed", "dora@example.com", deleted=True),
        Person("builds", "U0BUILDS", "Builds", "", is_bot=True),
        Person("petra", "U0PETRA", "Petra Partner", "petra@partner.example", team_id="T0PARTNER"),
        Person("sam", "U0SAM", "Sam Stranger", "sam@elsewhere.example", is_stranger=True, team_id="T0ELSEWHERE"),
    )
    trio = ("U0ALICE", "U0BOB", "U0CAROL")
    staff = (*trio, "U0OLIVE", "U0NORA", "U0DORA", "U0BUILDS")
    channels = (
        Channel("general", "C0GENERAL", trio, topic="Everybody, everything"),
        Channel("operations", "C0OPERATE", trio[:2], is_private=True, topic="Alice and Bob only"),
        Channel("lobby", "C0LOBBY", (*staff, "U0GINA", "U0ULI"), topic="Where guests are welcome"),
        Channel("partners", "C0PARTNER", (*trio[:2], "U0PETRA"), is_ext_shared=True, topic="Shared with a partner"),
        Channel(
            "vendors", "C0VENDOR", ("U0ALICE", "U0SAM"), is_ext_shared=True, has_bot=False, topic="Without the app"
        ),
        Channel("archive", "C0ARCHIVE", trio, is_archived=True, topic="Nothing is posted here any more"),
    )
    usergroups = (UserGroup("oncall", "S0ONCALL", ("U0BOB", "U0OLIVE"), name="On call"),)
    return WorkspaceSpec(people=people, channels=channels, usergroups=usergroups)
