namespace StreamScorer.Shared.Encode;

/// <summary>
/// BERT WordPiece: UTF-8 text to token ids, equal to the reference library (Hugging Face tokenizers: BertNormalizer,
/// BertPreTokenizer, WordPiece with "##" and 100 characters a word). Text of a post is always text: a literal "[SEP]" in it
/// never becomes the control token. Invalid UTF-8 counts as U+FFFD, which cleaning removes; nothing throws for what a text holds.
/// Immutable, so one instance serves all threads. Time is linear in the bytes of the text, whatever it holds.
/// </summary>
public sealed partial class BertTokenizer
{
    private readonly CharMap _map;
    private readonly WordTable _words;
    private readonly PieceTrie _pieces;
    private readonly int[] _punctuation;
    private readonly bool[] _continuations;
    private readonly byte _caseBit;
    private AsciiKind[] _ascii;

    private BertTokenizer(Vocabulary vocabulary, TokenizerSettings settings)
    {
        _map = new CharMap(settings);
        _words = new WordTable(vocabulary.Starts);
        _pieces = new PieceTrie(vocabulary.Starts, vocabulary.Continuations);
        (VocabularySize, ClsId, SepId) = (vocabulary.Size, vocabulary.Cls, vocabulary.Sep);
        (PadId, UnknownId) = (vocabulary.Pad, vocabulary.Unknown);
        _continuations = new bool[vocabulary.Size];
        foreach (var piece in vocabulary.Continuations)
        {
            _continuations[piece.Id] = true;
        }

        _caseBit = settings.LowerCase ? (byte)0x20 : (byte)0;
        _ascii = AsciiKinds(_map);
        _punctuation = new int[128];
        for (var c = 0; c < _punctuation.Length; c++)
        {
            var id = c == 0 ? -1 : _words.Find(WordTable.Key([(byte)c]));
            _punctuation[c] = id < 0 ? UnknownId : id;
        }
    }

    private enum AsciiKind : byte
    {
        Space,
        Removed,
        Punctuation,
        Alphanumeric,
        General,
    }

    /// <summary>Number of ids: every id is below it.</summary>
    public int VocabularySize { get; }

    /// <summary>Id of [CLS], the first token of every sequence.</summary>
    public int ClsId { get; }

    /// <summary>Id of [SEP], the last token of every text.</summary>
    public int SepId { get; }

    /// <summary>Id of [PAD].</summary>
    public int PadId { get; }

    /// <summary>Id of [UNK]: a word that the pieces of the vocabulary do not make up.</summary>
    public int UnknownId { get; }

    /// <summary>Whether a token goes on with the word of the token before it ("##" in the vocabulary).</summary>
    public bool IsContinuation(int id) => _continuations[id];

    /// <summary>The same tokenizer without its ASCII short cuts; tests compare the two.</summary>
    internal BertTokenizer WithGeneralPathOnly()
    {
        var copy = (BertTokenizer)MemberwiseClone();
        copy._ascii = new AsciiKind[256];
        copy._ascii.AsSpan().Fill(AsciiKind.General);
        return copy;
    }

    private static AsciiKind[] AsciiKinds(CharMap map)
    {
        var kinds = new AsciiKind[256];
        kinds.AsSpan().Fill(AsciiKind.General);
        for (var c = 0; c < 128; c++)
        {
            kinds[c] = map[c].Kind switch
            {
                CharKind.Isolated => AsciiKind.Punctuation,
                CharKind.Word => AsciiKind.Alphanumeric,
                CharKind.Space => AsciiKind.Space,
                _ => AsciiKind.Removed,
            };
        }

        return kinds;
    }
}
