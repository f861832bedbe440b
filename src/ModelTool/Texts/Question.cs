namespace ModelTool.Texts;

/// <summary>A question about a text, and where the text answers it.</summary>
/// <param name="Context">UTF-8.</param>
/// <param name="Answers">At least one; what several people marked.</param>
internal sealed record Question(string Id, string Text, byte[] Context, IReadOnlyList<Answer> Answers);

/// <summary>An answer and where it stands in the context, in bytes, half open.</summary>
internal sealed record Answer(string Text, int Start, int End);
