"""The tree of rooms: invitations and requests first, then the spaces with the rooms in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from client.ui.wrapping import fit
from client.views.room_list import RoomNode, RoomSections


class RoomTree(Tree[RoomNode]):
    """Rooms and spaces with their unread counts. What is folded stays folded when the rooms change."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"room-tree--unread", "room-tree--section"}

    @dataclass
    class Chosen(Message):
        """A room or an invitation was chosen."""

        room_id: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Rooms", id=id)
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2
        self.current: str | None = None
        self._sections: RoomSections | None = None
        self._folded: set[str] = set()

    def show(self, sections: RoomSections) -> None:
        """Show these rooms; nothing is touched when nothing has changed."""
        if sections == self._sections:
            return
        if self._sections is not None and _shape(sections) == _shape(self._sections):
            self._relabel(sections)
        else:
            self._rebuild(sections)
        self._sections = sections

    def mark_current(self, room_id: str) -> None:
        """Mark the room that is open, and put the cursor on it."""
        self.current = room_id
        self._invalidate()
        self._point_at(room_id)

    def render_label(self, node: TreeNode[RoomNode], base_style: Style, style: Style) -> Text:
        """Draw one line: a mark before the open room, the name, the count. Names are text, never markup."""
        del base_style  # Textual draws its own fold mark with it; ours has the style of the label
        mark, name, count = self._words(node)
        room = node.data
        name = fit(name, self._room_for_name(node, mark, count))
        if room is None:
            return Text(name, style + self.get_component_rich_style("room-tree--section", partial=True))
        text = Text(f"{mark}{name}", style + Style(bold=room.is_space or room.room_id == self.current))
        text.append(count, style + self.get_component_rich_style("room-tree--unread", partial=True))
        return text

    def get_label_width(self, node: TreeNode[RoomNode]) -> int:
        """Return how wide a line is; asked for before there are styles to draw it in."""
        mark, name, count = self._words(node)
        name = fit(name, self._room_for_name(node, mark, count))
        return cell_len(f"{mark}{name}{count}")

    def _room_for_name(self, node: TreeNode[RoomNode], mark: str, count: str) -> int:
        """Return how wide a name may be for the count after it still to be seen."""
        depth = -1
        above: TreeNode[RoomNode] | None = node.parent
        while above is not None:
            depth, above = depth + 1, above.parent
        width = self.scrollable_content_region.width or 80
        return max(4, width - depth * self.guide_depth - cell_len(mark) - cell_len(count))

    def on_resize(self) -> None:
        """Fit the names to the new width."""
        self._invalidate()

    def _words(self, node: TreeNode[RoomNode]) -> tuple[str, str, str]:
        """Return what stands on a line: its mark, its name, its unread count."""
        room = node.data
        if room is None:
            return ("", str(node.label), "")
        mark = "  "
        if room.is_space:
            mark = "▾ " if node.is_expanded else "▸ "
        elif room.room_id == self.current:
            mark = "● "
        # What comes into the open room is read as it comes.
        unread = room.unread if room.room_id != self.current else 0
        return (mark, room.label, f" {unread}" if unread else "")

    def on_tree_node_selected(self, event: Tree.NodeSelected[RoomNode]) -> None:
        """Choose a room; a space only folds and unfolds."""
        event.stop()
        if event.node.data is not None and not event.node.data.is_space:
            self.post_message(self.Chosen(event.node.data.room_id))

    def on_tree_node_collapsed(self, event: Tree.NodeCollapsed[RoomNode]) -> None:
        """Remember what is folded."""
        if event.node.data is not None:
            self._folded.add(event.node.data.room_id)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[RoomNode]) -> None:
        """Forget what is unfolded again."""
        if event.node.data is not None:
            self._folded.discard(event.node.data.room_id)

    def _rebuild(self, sections: RoomSections) -> None:
        under = self.cursor_node.data.room_id if self.cursor_node and self.cursor_node.data else self.current
        self.clear()
        for title, nodes in (
            ("INVITATIONS", sections.invitations),
            ("REQUESTS AND OTHER ROOMS", sections.other),
            ("SPACES", sections.spaces),
        ):
            if nodes:
                self.root.add_leaf(Text(title))
                self._add(self.root, nodes)
        self.root.expand()
        if under is not None:
            self._point_at(under)

    def _point_at(self, room_id: str) -> None:
        """Put the cursor on a room, once the lines are there to put it on."""
        for node in _walk(self.root):
            if node.data is not None and node.data.room_id == room_id:
                self.call_after_refresh(self.move_cursor, node)

    def _add(self, parent: TreeNode[RoomNode], rooms: Iterable[RoomNode]) -> None:
        for room in rooms:
            if room.is_space:
                folded = room.room_id in self._folded
                self._add(parent.add(Text(room.label), room, expand=not folded), room.children)
            else:
                parent.add_leaf(Text(room.label), room)

    def _relabel(self, sections: RoomSections) -> None:
        """Change counts and names in place: the same rooms stand in the same order."""
        nodes = [node for node in _walk(self.root) if node.data is not None]
        for node, room in zip(nodes, _flat(sections), strict=True):
            if node.data != room:
                node.data = room
                node.set_label(Text(room.label))


def _walk(node: TreeNode[RoomNode]) -> Iterable[TreeNode[RoomNode]]:
    for child in node.children:
        yield child
        yield from _walk(child)


def _flat(rooms: Iterable[RoomNode]) -> Iterable[RoomNode]:
    for room in rooms:
        yield room
        yield from _flat(room.children)


def _shape(sections: RoomSections) -> list[tuple[str, int]]:
    """Return what decides which lines there are: the rooms in order, and how many are in each."""
    counts = [len(sections.invitations), len(sections.other), len(sections.spaces)]
    shape = [("", count) for count in counts]
    return shape + [(room.room_id, len(room.children)) for room in _flat(sections)]
