using StreamScorer.Consume;
using StreamScorer.Decode;
using StreamScorer.Operate;
using StreamScorer.Operate.Otlp;
using StreamScorer.Publish;
using StreamScorer.Recover;
using StreamScorer.Settle;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Configure;

/// <summary>Everything that can be set: one section per step of the data path, each beside the step it steers.</summary>
internal sealed record Settings
{
    public KafkaOptions Kafka { get; init; } = new();

    public ConsumeOptions Consume { get; init; } = new();

    public DecodeOptions Decode { get; init; } = new();

    public GroupOptions Group { get; init; } = new();

    public InferOptions Infer { get; init; } = new();

    public ModelOptions Model { get; init; } = new();

    public PublishOptions Publish { get; init; } = new();

    public SettleOptions Settle { get; init; } = new();

    public PipelineOptions Pipeline { get; init; } = new();

    public RecoverOptions Recover { get; init; } = new();

    public OperateOptions Operate { get; init; } = new();

    public OtlpOptions Otlp { get; init; } = new();
}
